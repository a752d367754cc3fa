package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tanist-dev/tanist/observe"
)

const (
	// answerWithin is how long an answer may take. A later one is none: another question follows.
	answerWithin = 100 * time.Millisecond
	// maxResponse is how many bytes of an answer are read.
	maxResponse = 64 << 10
)

// Vote is what a peer has said about a node.
type Vote struct {
	Armed bool
	Age   time.Duration
}

// Votes are the answers of one peer, by the name of the node. A node is missing if the peer does not watch it.
type Votes struct {
	Replica observe.Replica
	Nodes   map[string]Vote
}

// Peers asks the other replicas, on connections that are kept.
type Peers struct {
	client *http.Client
}

// NewPeers returns a Peers.
func NewPeers() *Peers {
	return &Peers{client: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 1, MaxConnsPerHost: 2, IdleConnTimeout: 5 * time.Second, DisableCompression: true,
	}}}
}

// Ask asks all replicas at once for how long nodes have been silent; without nodes, only whether they are there. It returns the answers that
// came within 100 ms.
func (p *Peers) Ask(ctx context.Context, replicas []observe.Replica, nodes []string) []Votes {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answers := make([]*Votes, len(replicas))
	var all sync.WaitGroup
	for i, replica := range replicas {
		all.Go(func() {
			if votes, err := p.askOne(ctx, replica, nodes); err == nil { // an error is no answer, whatever its kind
				answers[i] = &Votes{Replica: replica, Nodes: votes}
			}
		})
	}
	all.Wait()
	var got []Votes
	for _, answer := range answers {
		if answer != nil {
			got = append(got, *answer)
		}
	}
	return got
}

func (p *Peers) askOne(ctx context.Context, replica observe.Replica, nodes []string) (map[string]Vote, error) {
	question := url.URL{Scheme: "http", Host: replica.Address.String(), Path: path, RawQuery: url.Values{"node": nodes}.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, question.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("failed to make question for %s: %w", replica.Name, err)
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("failed to ask %s: %w", replica.Name, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("failed to ask %s: %s", replica.Name, answer.Status)
	}
	var got response
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxResponse)).Decode(&got); err != nil {
		return nil, fmt.Errorf("failed to read the answer of %s: %w", replica.Name, err)
	}
	votes := map[string]Vote{}
	for _, name := range nodes {
		if n, found := got.Nodes[name]; found {
			votes[name] = Vote{Armed: n.Armed, Age: n.age()}
		}
	}
	return votes, nil
}
