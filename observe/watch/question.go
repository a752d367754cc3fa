package watch

import (
	"context"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

// question is one question to a pod. It is sent on one connection and, if there is no answer for a while, on a second one as well.
type question struct {
	w       *Watcher
	p       *pod
	how     observe.Probe
	open    []*probe.Conn
	answers chan answer
}

// answer is how the request on a connection ended.
type answer struct {
	conn *probe.Conn
	err  error
}

// askPod asks a pod once, on the kept connection if there is one, and waits for the answer. It returns the connection if it is to be kept.
func (w *Watcher) askPod(watch context.Context, p *pod, how observe.Probe, kept *probe.Conn) *probe.Conn {
	ctx, cancel := context.WithTimeout(watch, max(giveUpAfter, 2*w.windowOf(p)))
	defer cancel()
	defer w.endRequests(p)
	first := kept
	if first == nil {
		if first = w.dialPod(ctx, p, how, dialWithin); first == nil {
			return nil
		}
	}
	q := &question{w: w, p: p, how: how, answers: make(chan answer, 2)}
	q.send(ctx, first, func(r *request) { p.first = r })
	got := q.wait(ctx)
	switch {
	case got.err == nil:
		w.podHeard(p, got.conn.Ready())
	case probe.Hangup(got.err):
		q.close()
		w.lookForCrash(watch, p, how, true)
		return nil
	}
	keep := got.err == nil && len(q.open) == 1 && first.Reusable() && w.keeps(watch, p)
	if !keep {
		q.close()
		return nil
	}
	return first
}

// send sends the request on a connection.
func (q *question) send(ctx context.Context, conn *probe.Conn, into func(*request)) {
	q.open = append(q.open, conn)
	q.w.requested(q.p, conn, into)
	go func() { q.answers <- answer{conn, conn.Ask(ctx)} }()
}

// secondDialWithin is how long the first attempt to open a second connection may take, and the pause after each that failed: a lost SYN is sent
// again only after a second. Each further attempt may take twice as long, up to dialWithin.
const secondDialWithin = 250 * time.Millisecond

// wait returns the first answer on either connection. A kernel that does not accept the second one says nothing about the process, so the
// first request goes on.
func (q *question) wait(ctx context.Context) answer {
	ctx, end := context.WithCancel(ctx)
	seconds, dialing := make(chan *probe.Conn, 1), false
	defer func() {
		end()
		if !dialing {
			return
		}
		if late := <-seconds; late != nil { // it ends with ctx, or has just succeeded
			late.Close()
		}
	}()
	next := time.NewTimer(observe.SecondAfter)
	defer next.Stop()
	for within := secondDialWithin; ; {
		select {
		case <-next.C:
			dialing = true
			go func() { seconds <- q.w.dialPod(ctx, q.p, q.how, within) }()
		case second := <-seconds:
			dialing = false
			if second == nil {
				within = min(2*within, dialWithin)
				next.Reset(secondDialWithin)
				continue
			}
			q.send(ctx, second, func(r *request) { q.p.second = r })
		case got := <-q.answers:
			return got
		}
	}
}

// close closes all connections.
func (q *question) close() {
	for _, conn := range q.open {
		conn.Close()
	}
}
