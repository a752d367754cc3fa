package peer

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

// checkWithin is how long the API server may take to say that it is there.
const checkWithin = time.Second

// LiveChecker finds out whether the API server answers this replica.
type LiveChecker struct {
	client *http.Client
	url    string
}

// NewLiveChecker returns a LiveChecker with connections of its own: those of the clients may hang on an API server that was lost with a node.
func NewLiveChecker(cluster *rest.Config) (*LiveChecker, error) {
	cluster = rest.CopyConfig(cluster)
	cluster.Dial = (&net.Dialer{Timeout: checkWithin}).DialContext // with it, client-go shares no connections
	transport, err := rest.TransportFor(cluster)
	if err != nil {
		return nil, fmt.Errorf("failed to create transport to API server: %w", err)
	}
	base, _, err := rest.DefaultServerUrlFor(cluster)
	if err != nil {
		return nil, fmt.Errorf("failed to get address of API server: %w", err)
	}
	return &LiveChecker{client: &http.Client{Transport: transport}, url: base.JoinPath("livez").String()}, nil
}

// Check asks the API server once. Any answer but a server's error means that it is there.
func (l *LiveChecker) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url, nil)
	if err != nil {
		return fmt.Errorf("failed to make request to API server: %w", err)
	}
	answer, err := l.client.Do(request)
	if err != nil {
		return fmt.Errorf("failed to reach API server: %w", err)
	}
	answer.Body.Close()
	if answer.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("the API server answers %s", answer.Status)
	}
	return nil
}
