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
| Attack | CPU (quiet) | Memory (limit) | Hand-over, quiet | attack | Floor, quiet | attack | Beside the floor | Unasked | Refused, of all | by the webhooks | Logged |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
`

// row is a line of the table.
func (c comparison) row(what string, limit int64) string {
	perSecond := func(p phase) float64 { return p.cpu / p.lasted.Seconds() }
	q, a := c.quiet, c.attacked
	// slower is how many times slower Tanist's hand-overs are during the attack, divided by the same of the floor's.
	slower := func(percent int) float64 {
		ratio := func(attacked, quiet []time.Duration) float64 {
			return float64(rank(attacked, percent)) / float64(rank(quiet, percent))
		}
		return ratio(a.took, q.took) / ratio(a.floor, q.floor)
	}
	both := func(took []time.Duration) string {
		return fmt.Sprintf("%.0f / %.0f", inMilliseconds(rank(took, 50)), inMilliseconds(rank(took, 99)))
	}
	return fmt.Sprintf("| %s | %.2f (%.2f) | %.0f MB (%.0f) | %s | %s | %s | %s | %.2f / %.2f | %d | %d of %d | %.0f | %d |\n",
		what, perSecond(a), perSecond(q), a.peak/1e6, float64(limit)/1e6, both(q.took), both(a.took), both(q.floor), both(a.floor),
		slower(50), slower(99), a.unasked, a.sent.Refused, a.sent.Calls, a.refused, a.logged)
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
