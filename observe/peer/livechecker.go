package peer

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"k8s.io/client-go/rest"
)

// LiveChecker checks whether the API server answers this replica, on connections of its own (see ownConnections).
type LiveChecker struct {
	client *http.Client
	url    string
}

// NewLiveChecker returns a LiveChecker with the identity of the config. It calls nobody.
func NewLiveChecker(cluster *rest.Config) (*LiveChecker, error) {
	cluster = ownConnections(cluster)
	client, err := rest.HTTPClientFor(cluster)
	if err != nil {
		return nil, fmt.Errorf("failed to create client of the API server: %w", err)
	}
	host, _, err := rest.DefaultServerUrlFor(cluster)
	if err != nil {
		return nil, fmt.Errorf("failed to parse URL of the API server: %w", err)
	}
	return &LiveChecker{client: client, url: host.JoinPath("livez").String()}, nil
}

// Check gets /livez. It returns nil if the API server answers within a second with anything but an internal error: also a refusal is an
// answer. Checks may overlap. Each of those has its own connection, so that a lost API server holds up only some.
func (l *LiveChecker) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url, nil)
	if err != nil {
		return fmt.Errorf("failed to build request: %w", err)
	}
	response, err := l.client.Do(request)
	if err != nil {
		return fmt.Errorf("failed to reach the API server: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 4<<10)) // so that the connection can be used again
	if response.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("the API server answers %s", response.Status)
	}
	return nil
}
