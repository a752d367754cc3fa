package peer

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// LiveChecker checks whether the API server answers this replica.
type LiveChecker struct {
	client *http.Client
	url    string
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
	if response.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("the API server answers %s", response.Status) // the next check may reach another one: this connection ends
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 4<<10)) // so that the connection can be used again
	return nil
}
