package afterhandover

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Operations on the API server, as the retry metrics name them.
const (
	opRead  = "read-old-leader"
	opEvict = "evict-old-leader"
)

// outcome is how it ended: a label of the metric.
type outcome string

const (
	outcomeDone     outcome = "done"
	outcomeUnneeded outcome = "unneeded"
	outcomeRefused  outcome = "refused"
	outcomeFailed   outcome = "failed"
)

// outcomes counts how it ended. The labels are action, which is evict or call, and outcome.
type outcomes struct{ *prometheus.CounterVec }

// newOutcomes creates and registers the metric.
func newOutcomes(registerer prometheus.Registerer) (outcomes, error) {
	o := outcomes{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tanist_after_handover_total",
		Help: "Old leaders that this replica was to evict or to call after a voluntary move, by action and outcome (done; unneeded: it had gone or stopped serving; refused: by a budget until the time was over; failed). The Event AfterHandoverFailed says for which Service.",
	}, []string{"action", "outcome"})}
	for _, action := range []step{stepEvict, stepCall} {
		for _, how := range []outcome{outcomeDone, outcomeUnneeded, outcomeRefused, outcomeFailed} {
			if action == stepEvict || how != outcomeRefused {
				o.WithLabelValues(string(action), string(how))
			}
		}
	}
	return o, registerer.Register(o)
}

func (o outcomes) count(in input, how outcome) {
	action := stepCall
	if in.options.Evict {
		action = stepEvict
	}
	o.WithLabelValues(string(action), string(how)).Inc()
}
