//go:build bench

package bench

import (
	"fmt"
	"time"
)

// phase is what was measured while one thing lasted, or several times together.
type phase struct {
	// took are the hand-overs of Tanist, floor those of the bare loop beside it.
	took, floor []time.Duration
	lasted      time.Duration
	// cpu is the CPU time, in seconds, of the replica that used most, and peak its most memory, in bytes.
	cpu, peak float64
	// sent is what the attacker counts, and refused how many calls of the webhooks the replicas did.
	sent    tally
	refused float64
	// logged is how many lines the replicas logged.
	logged int64
	// unasked is how many leaders moved that should not have.
	unasked int
}

func (p *phase) add(other phase) {
	p.took, p.floor = append(p.took, other.took...), append(p.floor, other.floor...)
	p.lasted += other.lasted
	p.cpu += other.cpu
	p.peak = max(p.peak, other.peak)
	p.sent.Calls += other.sent.Calls
	p.sent.Refused += other.sent.Refused
	p.refused += other.refused
	p.logged += other.logged
	p.unasked += other.unasked
}

// comparison is an attack beside quiet.
type comparison struct{ quiet, attacked phase }

const attackHeader = `
| Attack | CPU of a replica, seconds per second (quiet) | most memory (limit) | hand-over p50 / p99, quiet | attack | ratio p99 | floor p50 / p99, quiet | attack | ratio p99 | leaders that moved unasked | calls refused, of all | by the webhooks | lines logged |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
`

// row is a line of the table.
func (c comparison) row(what string, limit int64) string {
	perSecond := func(p phase) float64 { return p.cpu / p.lasted.Seconds() }
	ratio := func(attacked, quiet []time.Duration) float64 {
		return float64(rank(attacked, 99)) / float64(rank(quiet, 99))
	}
	both := func(took []time.Duration) string {
		return fmt.Sprintf("%.1f / %.1f", inMilliseconds(rank(took, 50)), inMilliseconds(rank(took, 99)))
	}
	q, a := c.quiet, c.attacked
	return fmt.Sprintf("| %s | %.2f (%.2f) | %.0f MB (%.0f) | %s | %s | %.2f | %s | %s | %.2f | %d | %d of %d | %.0f | %d |\n",
		what, perSecond(a), perSecond(q), a.peak/1e6, float64(limit)/1e6,
		both(q.took), both(a.took), ratio(a.took, q.took), both(q.floor), both(a.floor), ratio(a.floor, q.floor),
		a.unasked, a.sent.Refused, a.sent.Calls, a.refused, a.logged)
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
