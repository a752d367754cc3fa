package notify

import (
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

// How often a controller writes for one Service: paceBurst times at once, and once more every paceInterval. A hand-over and the repairs that
// belong to it need two or three writes. Only a loop or a flapping input needs more than these.
const (
	paceBurst    = 10
	paceInterval = time.Second / 3
)

// Pace limits how often something is written for each Service, whatever the reason. What has to wait is decided again when it is due, so the
// newest state is written.
type Pace struct {
	mu sync.Mutex
	// services has an entry from a Service's first write until its limit has recovered and something is written for any Service.
	services map[types.NamespacedName]*paced
	// swept is when entries were last dropped.
	swept time.Time
}

// paced is what is known of one Service. slowed says that something had to wait since the limit had last recovered.
type paced struct {
	bucket *rate.Limiter
	slowed bool
}

// NewPace returns a Pace that knows of no write.
func NewPace() *Pace {
	return &Pace{services: map[types.NamespacedName]*paced{}}
}

// Remaining returns how long the next write has to wait, at most paceInterval; zero when it may be made now.
func (p *Pace) Remaining(key types.NamespacedName, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, known := p.services[key]
	if !known {
		return 0
	}
	missing := 1 - s.bucket.TokensAt(now)
	return min(max(time.Duration(missing*float64(paceInterval)), 0), paceInterval)
}

// Slowed records that something has to wait. It reports whether this is the first time since the limit had last recovered.
func (p *Pace) Slowed(key types.NamespacedName) (first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, known := p.services[key]
	if !known || s.slowed {
		return false
	}
	s.slowed = true
	return true
}

// Record counts a write.
func (p *Pace) Record(key types.NamespacedName, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.swept) >= paceBurst*paceInterval {
		p.swept = now
		maps.DeleteFunc(p.services, func(_ types.NamespacedName, s *paced) bool { return s.recovered(now) })
	}
	s := p.services[key]
	if s == nil || s.recovered(now) {
		s = &paced{bucket: rate.NewLimiter(rate.Every(paceInterval), paceBurst)}
		p.services[key] = s
	}
	s.bucket.AllowN(now, 1)
}

// recovered reports whether a Service may have a whole burst again.
func (s *paced) recovered(now time.Time) bool {
	return s.bucket.TokensAt(now) >= paceBurst
}
