package httpserver

import (
	"sync"

	"golang.org/x/time/rate"
	"k8s.io/utils/lru"
)

// RateLimits limits how often each of many may do something.
type RateLimits[K comparable] struct {
	perSecond rate.Limit
	atOnce    int

	mu       sync.Mutex
	limiters *lru.Cache
}

// NewRateLimits returns RateLimits that remember so many, the ones that were seen last. One that is forgotten may do it atOnce times again.
func NewRateLimits[K comparable](perSecond float64, atOnce, remembered int) *RateLimits[K] {
	return &RateLimits[K]{perSecond: rate.Limit(perSecond), atOnce: atOnce, limiters: lru.New(remembered)}
}

// Admit reports whether somebody may do it now, and counts it if so.
func (r *RateLimits[K]) Admit(who K) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	limiter, ok := r.limiters.Get(who)
	if !ok {
		limiter = rate.NewLimiter(r.perSecond, r.atOnce)
		r.limiters.Add(who, limiter)
	}
	return limiter.(*rate.Limiter).Allow()
}
