package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

const (
	// answerTimeout is how long a peer may take. A question is repeated as often while a node is silent.
	answerTimeout = 100 * time.Millisecond
	// maxAnswerBytes is enough for maxNodes names and their ages.
	maxAnswerBytes = 64 << 10
)

// get asks the replica at the address about the nodes.
func get(ctx context.Context, client *http.Client, address netip.AddrPort, nodes []string) (answer, error) {
	question := url.URL{Scheme: "http", Host: address.String(), Path: path, RawQuery: url.Values{param: nodes}.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, question.String(), nil)
	if err != nil {
		return answer{}, fmt.Errorf("failed to build question: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("failed to ask peer: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("failed to ask peer: it answered %s", response.Status)
	}
	// Reading to the end lets the connection be used again.
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return answer{}, fmt.Errorf("failed to read answer of peer: %w", err)
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return answer{}, fmt.Errorf("failed to decode answer of peer: %w", err)
	}
	return a, nil
}
