package server

import (
	"context"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/grant"
)

// The reasons why a step-down does not count. The next leader then waits as after a crash.
const (
	// stillLeads is that the pod leads, or led last, so that it could get another grant.
	stillLeads = "StillLeads"
	// notVouched is that another process of the pod may hold a grant, or that a replica cannot say that none does.
	notVouched = "NotVouched"
	// unread is that the API server did not answer.
	unread = string(grant.Unread)
)

// release is what replicas tell each other of a step-down.
type release struct {
	Slice   types.NamespacedName `json:"slice"`
	Pod     string               `json:"pod"`
	Session string               `json:"session"`
	Term    int64                `json:"term"`
	// Later is what the slice says of a later term.
	Later grant.View `json:"later"`
	// Counts is whether all replicas have vouched. Without it, the replica is asked to.
	Counts bool `json:"counts"`
}

func (r release) valid() bool { return r.Slice.Name != "" && r.Pod != "" && r.moved() }

// moved reports whether the leader of the term has another one after it, so that it can get no other grant for that term.
func (r release) moved() bool { return r.Later.Term > r.Term && r.Later.Leader != r.Pod }

// stepDown answers POST /v1/me/stepdown.
func (s *Server) stepDown(w http.ResponseWriter, r *http.Request) {
	asked, ok := s.accept(w, r)
	if !ok {
		return
	}
	if asked.service == "" || asked.term <= 0 {
		refuse(w, http.StatusBadRequest, "service and term are required: the Service, and the term of the last grant, such as ?service=db&term=1760000000000")
		return
	}
	answer := s.countStepDown(r.Context(), release{
		Slice: asked.caller.Services[0].Slice, Pod: asked.caller.UID, Session: asked.session, Term: asked.term,
	})
	s.metrics.stepDown(answer)
	reply(w, answer)
}

// countStepDown counts a step-down here and on the other replicas, if it may count. It reads the slice only if the watch has not shown that the
// leader has moved.
func (s *Server) countStepDown(ctx context.Context, told release) steppedDown {
	if told.Later = s.book.latest(told.Slice); !told.moved() {
		read, err := s.book.read(ctx, told.Slice, s.live)
		if err != nil {
			return steppedDown{Reason: unread}
		}
		if told.Later = read.view; !read.current || !told.moved() {
			return steppedDown{Reason: stillLeads}
		}
	}
	replicas := s.cluster.Replicas()
	if replicas.Hidden || !s.longAgo(replicas.Left) || !s.vouch(told) || !s.tellAll(ctx, replicas.Addresses, stepDownPath, told) {
		return steppedDown{Reason: notVouched}
	}
	told.Counts = true
	s.book.release(told)
	s.tellAll(ctx, replicas.Addresses, stepDownPath, told) // one that does not hear it waits
	return steppedDown{Released: true}
}

// longAgo reports whether no grant from before a time can be valid.
func (s *Server) longAgo(at time.Time) bool {
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	now := time.Now()
	_, wait := s.book.updateDurations(now)
	return now.Sub(at) >= wait
}

// vouch reports whether this replica gave no grant to another session of the pod that may be valid, and will give none for that term.
func (s *Server) vouch(told release) bool {
	b := s.book
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	_, wait := b.updateDurations(now)
	e := b.entry(told.Slice)
	// A read for another session may be under way that began before the leader moved. It must not count any more.
	if e.record.Note(told.Later, now, wait) {
		e.tell()
	}
	latest, _ := e.record.Latest()
	return latest.Term >= told.Later.Term && e.record.Vouch(told.Pod, told.Session, s.started, now, wait)
}
