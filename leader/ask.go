package leader

import (
	"context"
	"time"
)

const (
	// shortestPause is the shortest pause between two requests, and idlePause that of a pod which does not lead: it hears when that changes.
	shortestPause = 20 * time.Millisecond
	idlePause     = 5 * time.Second
	// waitPause is the pause after a request that waits has failed.
	waitPause = 500 * time.Millisecond
	// behindTime is how long answers about an earlier term are taken for those of a replica that is behind. Longer than that, and the term has gone
	// back: etcd was restored.
	behindTime = 10 * time.Second
)

// pace is how often to ask.
type pace struct {
	// duration is how long a grant lasts.
	duration time.Duration
	// settling is the last pause of a leader that has to wait; zero if it does not. It begins anew with a change: one replica may tell that the wait is
	// over, and another one be asked that knows a moment later.
	settling time.Duration
}

// wait returns when to ask again although there may be a grant only later.
func (p *pace) wait(retryAfter time.Duration) time.Duration {
	p.settling = min(max(2*p.settling, shortestPause), p.duration/8)
	return min(retryAfter, p.settling)
}

// ask asks for grants until the context ends: four times in the time that one lasts while this pod leads, and at once after a change.
func (l *Leadership) ask(ctx context.Context) {
	p := pace{duration: usualDuration}
	for ctx.Err() == nil {
		next := l.askOnce(ctx, &p)
		timer := time.NewTimer(max(next, shortestPause))
		select {
		case <-timer.C:
		case <-l.wake:
			p.settling = 0
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// askOnce asks once, and returns when to ask again.
func (l *Leadership) askOnce(ctx context.Context, p *pace) time.Duration {
	session, ended := l.held.current()
	if state, _ := l.latest(); ended > 0 && state.Term <= ended {
		return idlePause // this process has stepped down, and there is no later term yet
	}
	sent, began := now(), time.Now()
	limited, cancel := context.WithTimeout(ctx, p.duration/4)
	defer cancel()
	got, err := l.client.grant(limited, session)
	if err != nil {
		if ctx.Err() == nil {
			l.client.another()
			l.set(func(s *State) { s.Err = err })
		}
		return p.duration / 16
	}
	length := time.Duration(got.ValidForMilliseconds) * time.Millisecond
	held := l.held.left(got.Term) > 0
	l.held.record(session, sent, got.Term, length)
	taken := l.take(got)
	switch {
	case !taken:
		l.client.another()
		return p.duration / 16
	case length > 0:
		*p = pace{duration: length}
		return length / 4
	case got.Refused == "":
		return idlePause
	case held && got.Refused == "Settling": // another replica has granted it: this one has just started
		l.client.another()
		return 0
	case got.RetryAfterMilliseconds > 0:
		// Tanist may have held the request for as long.
		return p.wait(time.Duration(got.RetryAfterMilliseconds)*time.Millisecond) - time.Since(began)
	default: // this replica cannot say that the pod leads
		l.client.another()
		return p.duration / 16
	}
}

// take takes over what Tanist says. It returns false, and takes over nothing, if a replica that is behind has said it.
func (l *Leadership) take(got service) bool {
	taken := true
	l.set(func(s *State) {
		if got.Service != s.Service || got.Term >= s.Term {
			l.behindSince = time.Time{}
		} else if l.behindSince.IsZero() {
			l.behindSince = time.Now()
		}
		if taken = l.behindSince.IsZero() || time.Since(l.behindSince) >= behindTime; taken {
			l.held.note(got.Term)
			s.Service, s.Leader, s.Leads, s.Term, s.Err = got.Service, got.Leader, got.Leads, got.Term, nil
		}
	})
	return taken
}

// listen waits for changes until the context ends, and has the asker ask after each. What it is told grants nothing.
func (l *Leadership) listen(ctx context.Context) {
	version := "0"
	for ctx.Err() == nil {
		limited, cancel := context.WithTimeout(ctx, waitTime+waitPause)
		got, told, err := l.client.wait(limited, version, waitTime)
		cancel()
		if err != nil {
			l.client.another()
			pause(ctx, waitPause)
			continue
		}
		if got == version {
			continue
		}
		version = got
		if !l.take(told) {
			l.client.another()
			continue
		}
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}
