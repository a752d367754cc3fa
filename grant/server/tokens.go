package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"k8s.io/utils/lru"
)

// Reviewer asks the API server whose a token is.
type Reviewer interface {
	// Review returns the pod that a token was made for. It returns ErrToken if the token is none of a pod, or not made for Tanist.
	Review(ctx context.Context, token string) (Pod, error)
}

// ErrToken is a token that tells of no pod.
var ErrToken = errors.New("the token is not valid: want that of a pod, which a projected volume gives it, with Tanist's audience")

var (
	errReviewsLimited = errors.New("too many new tokens from this address")
	errNoTokens       = errors.New("tokens are for https only, where the installation takes them")
)

const (
	// reviewedFor is how long a token is not reviewed again. The pod must exist all the same: the informers know that.
	reviewedFor = time.Minute
	// knownTokens is how many tokens are remembered.
	knownTokens = 16_384
	// maxReviews is how many tokens are reviewed at a time.
	maxReviews = 16
)

// tokens knows whose a token is.
type tokens struct {
	reviewer Reviewer
	limits   *limits
	// known has what reviews said, by the token's hash: a token must not be found in memory.
	known *lru.Cache
	// reviews has a place for each review under way.
	reviews chan struct{}
}

type reviewed struct {
	pod   Pod
	until time.Time
}

func newTokens(reviewer Reviewer) *tokens {
	return &tokens{reviewer: reviewer, limits: newLimits(), known: lru.New(knownTokens), reviews: make(chan struct{}, maxReviews)}
}

// pod returns the pod that a token was made for. Each address may have a limited number of tokens reviewed; one that is known costs nothing.
func (t *tokens) pod(ctx context.Context, address netip.Addr, token string) (Pod, error) {
	if t.reviewer == nil {
		return Pod{}, errNoTokens
	}
	if token == "" {
		return Pod{}, ErrToken
	}
	key := sha256.Sum256([]byte(token))
	if known, ok := t.known.Get(key); ok && time.Now().Before(known.(reviewed).until) {
		return known.(reviewed).pod, nil
	}
	if !t.limits.requests.Admit(party{address: address}) {
		return Pod{}, errReviewsLimited
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	select {
	case t.reviews <- struct{}{}:
		defer func() { <-t.reviews }()
	case <-ctx.Done():
		return Pod{}, ctx.Err()
	}
	began := time.Now()
	pod, err := t.reviewer.Review(ctx, token)
	if err != nil {
		return Pod{}, fmt.Errorf("failed to review token: %w", err)
	}
	t.known.Add(key, reviewed{pod: pod, until: began.Add(reviewedFor)})
	return pod, nil
}

// bearer returns the token of a request; false if it has none.
func bearer(r *http.Request) (string, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), scheme != "" && strings.EqualFold(scheme, "Bearer")
}

// refuseToken answers a request whose token tells of no pod.
func (s *Server) refuseToken(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, errReviewsLimited):
		s.metrics.refused("TooManyRequests")
		refuse(w, http.StatusTooManyRequests, err.Error())
	case errors.Is(err, ErrToken), errors.Is(err, errNoTokens):
		s.metrics.refused("BadToken")
		refuse(w, http.StatusUnauthorized, err.Error())
	default: // what the API server said is not for everybody
		refuse(w, http.StatusServiceUnavailable, "the API server cannot be asked whose the token is")
	}
}
