package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// replicaTimeout is how long another replica may take to answer.
	replicaTimeout     = 500 * time.Millisecond
	stepDownPath       = "/v1/replicas/stepdown"
	successorWaitsPath = "/v1/replicas/successor-waits"
	// maxReplicaBytes is enough for a release with the longest names.
	maxReplicaBytes = 8 << 10
)

// tell tells another replica something. It is an error if that one does not agree.
func (s *Server) tell(ctx context.Context, replica netip.AddrPort, path string, told any) error {
	body, err := json.Marshal(told)
	if err != nil {
		return fmt.Errorf("failed to encode what replicas are told: %w", err)
	}
	where := url.URL{Scheme: "http", Host: replica.String(), Path: path}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, where.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("failed to build request: %w", err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("failed to tell replica: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxReplicaBytes)) // so that the connection can be used again
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("failed to tell replica: it answered %s", response.Status)
	}
	return nil
}

// tellAll tells all replicas the same at a time, and reports whether all of them have agreed.
func (s *Server) tellAll(ctx context.Context, replicas []netip.AddrPort, path string, told any) bool {
	ctx, cancel := context.WithTimeout(ctx, replicaTimeout)
	defer cancel()
	var refused atomic.Bool
	var wg sync.WaitGroup
	for _, replica := range replicas {
		wg.Go(func() {
			if err := s.tell(ctx, replica, path, told); err != nil {
				refused.Store(true)
			}
		})
	}
	wg.Wait()
	return !refused.Load()
}

// heard reads what another replica tells. It answers the request itself, and returns false, if it must be refused. A replica is known by its address,
// as pods are: whoever can pass for a replica could pass for a leader.
func heard[T interface{ valid() bool }](s *Server, w http.ResponseWriter, r *http.Request, want string) (told T, ok bool) {
	limitBody(w)
	address, ok := remote(r)
	if !ok || s.book.duration() == 0 || !s.cluster.Replicas().from(address) {
		refuse(w, http.StatusForbidden, "only for replicas of Tanist")
		return told, false
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxReplicaBytes))
	if err := decoder.Decode(&told); err != nil || !told.valid() {
		refuse(w, http.StatusBadRequest, "not "+want)
		return told, false
	}
	return told, true
}

// heardStepDown answers another replica that asks this one to vouch, or tells it that a step-down counts.
func (s *Server) heardStepDown(w http.ResponseWriter, r *http.Request) {
	told, ok := heard[release](s, w, r, "a step-down")
	switch {
	case !ok:
		return
	case told.Counts:
		s.book.release(told)
	case !s.vouch(told):
		refuse(w, http.StatusConflict, "not vouched for")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// heardSuccessorWaits answers another replica that tells which leader waits.
func (s *Server) heardSuccessorWaits(w http.ResponseWriter, r *http.Request) {
	if told, ok := heard[successorWaits](s, w, r, "a leader that waits"); ok {
		s.book.noteSuccessorWaits(told)
		w.WriteHeader(http.StatusNoContent)
	}
}
