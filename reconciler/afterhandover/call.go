package afterhandover

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tanist-dev/tanist/config"
)

const (
	// connectTimeout and callTimeout are how long a connection and a whole call may take. A call takes one of a few places.
	connectTimeout = time.Second
	callTimeout    = 2 * time.Second
	// maxHeaderBytes limits the header of an answer. Nothing of its body is read.
	maxHeaderBytes = 16 << 10
)

// The headers of a call.
const (
	termHeader   = "Tanist-Term"
	leaderHeader = "Tanist-Leader"
)

// handover is what the old leader is told, as JSON.
type handover struct {
	Namespace string `json:"namespace"`
	Service   string `json:"service"`
	// Term is the term that the hand-over began. The same term may be told more than once.
	Term   int64  `json:"term"`
	Leader string `json:"leader"`
	// OldLeader and OldLeaderUID are the pod that is called.
	OldLeader    string `json:"oldLeader"`
	OldLeaderUID string `json:"oldLeaderUID"`
	Reason       string `json:"reason"`
}

// handover returns what to tell the old leader.
func (in input) handover() handover {
	return handover{
		Namespace: in.source.Namespace, Service: in.source.Name, Term: in.state.Term, Leader: in.state.Leader.Name,
		OldLeader: in.old.Name, OldLeaderUID: string(in.old.UID), Reason: in.state.Reason,
	}
}

// newCaller returns a client that goes nowhere but where it is sent: through no proxy, and to no other address.
func newCaller() *http.Client {
	return &http.Client{
		Timeout: callTimeout,
		Transport: &http.Transport{
			DialContext:       (&net.Dialer{Timeout: connectTimeout}).DialContext,
			DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeaderBytes,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post tells the old leader of the hand-over. It returns the status of the answer.
func post(ctx context.Context, caller *http.Client, url string, told handover) (status int, err error) {
	body, err := json.Marshal(told)
	if err != nil {
		return 0, fmt.Errorf("failed to encode the hand-over: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", config.ManagedBy)
	request.Header.Set(termHeader, strconv.FormatInt(told.Term, 10))
	request.Header.Set(leaderHeader, told.Leader)
	answer, err := caller.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
