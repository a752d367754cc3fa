package peer

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/peerclient"
)

// Vote is what one peer answered about one node.
type Vote struct {
	// Replica is the peer, and Node the node that it runs on.
	Replica, Node string
	// Armed is whether silence of the node would mean anything to the peer.
	Armed bool
	// Age is for how long the peer has waited for an answer of the node; zero if it waits for none. It was true when the peer answered, up
	// to 100 ms ago.
	Age time.Duration
}

// Votes are the answers about one node, in the order of the replicas that were asked. A peer that did not answer in time, or does not watch
// the node, is absent.
type Votes []Vote

// Peers asks the other replicas.
type Peers struct {
	client *http.Client
	// mu guards heard.
	mu sync.Mutex
	// heard is when each replica last answered, by its name.
	heard map[string]time.Time
}

// NewPeers returns Peers that have not heard of any replica yet. A connection on which a question stays unanswered is closed, so that the next
// question uses a new one: on the old one, TCP would wait ever longer before it sends anything again.
func NewPeers() *Peers {
	return &Peers{client: peerclient.New(answerTimeout), heard: map[string]time.Time{}}
}

// Ask asks the replicas about the nodes, all at the same time, and returns the answers by node. It takes at most 100 ms. The caller leaves
// this replica out.
func (p *Peers) Ask(ctx context.Context, replicas []observe.Replica, nodes []string) map[string]Votes {
	answers := p.each(ctx, replicas, func(ctx context.Context, replica observe.Replica) map[string]heard {
		all := map[string]heard{}
		for some := range slices.Chunk(nodes, maxNodes) {
			nodes, answered := p.ask(ctx, replica, some)
			if !answered {
				break
			}
			maps.Copy(all, nodes)
		}
		return all
	})
	votes := map[string]Votes{}
	for i, replica := range replicas {
		for _, node := range nodes {
			if h, found := answers[i][node]; found {
				votes[node] = append(votes[node], Vote{
					Replica: replica.Name, Node: replica.Node, Armed: h.Armed, Age: time.Duration(h.AgeMilliseconds) * time.Millisecond,
				})
			}
		}
	}
	return votes
}

// Hello asks the replicas for nothing, which keeps LastHeard up to date. It takes at most 100 ms. The replicas are all but this one; others
// are forgotten.
func (p *Peers) Hello(ctx context.Context, replicas []observe.Replica) {
	p.forget(replicas)
	p.each(ctx, replicas, func(ctx context.Context, replica observe.Replica) map[string]heard {
		nodes, _ := p.ask(ctx, replica, nil)
		return nodes
	})
}

// LastHeard returns the time at which the replica last answered a question or a Hello; zero if it never did.
func (p *Peers) LastHeard(replica string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard[replica]
}

// each calls ask for all replicas at the same time, and returns what it returned. It lasts as long as the slowest of them.
func (p *Peers) each(
	ctx context.Context, replicas []observe.Replica, ask func(context.Context, observe.Replica) map[string]heard,
) []map[string]heard {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	answers := make([]map[string]heard, len(replicas))
	var wg sync.WaitGroup
	for i, replica := range replicas {
		wg.Go(func() { answers[i] = ask(ctx, replica) })
	}
	wg.Wait()
	return answers
}

// ask asks one replica about up to maxNodes nodes, and remembers when it answered.
func (p *Peers) ask(ctx context.Context, replica observe.Replica, nodes []string) (_ map[string]heard, answered bool) {
	got, err := get(ctx, p.client, replica.Address, nodes)
	if err != nil {
		return nil, false // no answer is no vote, whatever the reason
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard[replica.Name] = time.Now()
	return got.Nodes, true
}

func (p *Peers) forget(replicas []observe.Replica) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.heard, func(name string, _ time.Time) bool {
		return !slices.ContainsFunc(replicas, func(r observe.Replica) bool { return r.Name == name })
	})
}
