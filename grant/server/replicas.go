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
	"time"
)

const (
	// replicaTimeout is how long another replica may take to answer.
	replicaTimeout = 500 * time.Millisecond
	replicaPath    = "/v1/replicas/stepdown"
	// maxReleaseBytes is enough for a release with the longest names.
	maxReleaseBytes = 8 << 10
)

// tell asks another replica to vouch, or tells it that a step-down counts. It is an error if that one does not agree.
func (s *Server) tell(ctx context.Context, replica netip.AddrPort, told release) error {
	body, err := json.Marshal(told)
	if err != nil {
		return fmt.Errorf("failed to encode step-down: %w", err)
	}
	where := url.URL{Scheme: "http", Host: replica.String(), Path: replicaPath}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, where.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("failed to build request: %w", err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("failed to tell replica: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxReleaseBytes)) // so that the connection can be used again
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("failed to tell replica: it answered %s", response.Status)
	}
	return nil
}

// heard answers another replica. It is known by its address, as pods are: whoever can pass for a replica could pass for a leader.
func (s *Server) heard(w http.ResponseWriter, r *http.Request) {
	limitBody(w)
	address, ok := remote(r)
	if !ok || s.book.duration() == 0 || !s.cluster.Replicas().from(address) {
		refuse(w, http.StatusForbidden, "only for replicas of Tanist")
		return
	}
	var told release
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxReleaseBytes))
	if err := decoder.Decode(&told); err != nil || told.Slice.Name == "" || told.Pod == "" || !told.moved() {
		refuse(w, http.StatusBadRequest, "not a step-down")
		return
	}
	if told.Counts {
		s.book.release(told)
	} else if !s.vouch(told) {
		refuse(w, http.StatusConflict, "not vouched for")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
