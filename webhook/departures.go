package webhook

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/tracing"
)

// departuresBudget is how long a deletion or eviction waits for its hand-overs to be prepared. After that the response is sent. A
// preparation that has begun goes on.
const departuresBudget = 50 * time.Millisecond

// maxPreparing is how many departures are prepared at a time. If pods are deleted faster than that, further departures wait for a slot
// within their budget, and then go unprepared, so that they do not pile up.
const maxPreparing = 256

// Preparer prepares hand-overs.
type Preparer interface {
	// Prepare prepares, from memory, the hand-overs that a departure leads to. It returns one for each Service that the pod is known to lead
	// and whose input is in memory; its successor is empty if no pod can follow.
	Prepare(departure cache.Departure) []cache.Handover
}

// departures handles pods DELETE and pods/eviction CREATE. It allows every request. It is not an admission.Handler: controller-runtime
// decodes the whole objects for such a handler, and denies the request if it cannot.
type departures struct {
	preparer Preparer
	metrics  *metrics
	log      logr.Logger
	tracer   *tracing.Tracer // may be nil
	// slots has an element for each departure that is being prepared.
	slots chan struct{}
}

func newDeparturesHandler(preparer Preparer, metrics *metrics, log logr.Logger, tracer *tracing.Tracer) *departures {
	return &departures{preparer: preparer, metrics: metrics, log: log, tracer: tracer, slots: make(chan struct{}, maxPreparing)}
}

// ServeHTTP prepares the hand-overs that the request leads to, and allows it.
func (d *departures) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	arrived := time.Now()
	request, err := readReview(r)
	if err != nil {
		// A response without the request's UID is invalid. The API server counts this status as a failed call, and failurePolicy Ignore allows
		// the request.
		d.failed(err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	response := &admissionv1.AdmissionResponse{UID: request.UID, Allowed: true}
	departure, outcome := request.departure()
	departure.Unauthenticated = !authenticated(r.Context())
	if outcome == "" {
		var span tracing.Admission
		if !departure.Unauthenticated {
			span = d.tracer.Admission(r.Context(), r.Header, arrived)
		}
		departure.TraceParent = span.TraceParent
		prepared := d.prepare(departure)
		outcome = prepared.outcome
		if !departure.Unauthenticated { // nobody else need know who leads
			response.Warnings, response.AuditAnnotations = describe(departure, prepared.handOvers)
		}
		if outcome != departureNoLeader {
			span.End(departure.Namespace, departure.Name, outcome)
		}
	}
	d.metrics.departures.WithLabelValues(outcome).Inc()
	if err := writeReview(w, response); err != nil {
		d.failed(err)
	}
}

// preparation is the result of preparing a departure's hand-overs.
type preparation struct {
	handOvers []cache.Handover
	outcome   string
}

// prepare prepares a departure's hand-overs, and waits until they are prepared or the budget is spent. After that the response is sent. A
// preparation that has begun goes on.
func (d *departures) prepare(departure cache.Departure) preparation {
	budget := time.NewTimer(departuresBudget)
	defer budget.Stop()
	select {
	case d.slots <- struct{}{}:
	case <-budget.C:
		return preparation{outcome: departureTimedOut}
	}
	done := make(chan preparation, 1)
	go func() {
		defer func() { <-d.slots }()
		p := preparation{outcome: departureFailed}
		defer func() {
			if cause := recover(); cause != nil {
				d.failed(fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
			}
			done <- p
		}()
		p.handOvers = d.preparer.Prepare(departure)
		p.outcome = outcomeOf(p.handOvers)
	}()
	return preparedWithin(budget.C, done)
}

// preparedWithin returns the preparation if it is done before the budget is spent. If both are ready, as on a busy machine, it prefers the
// preparation; a single select would choose at random.
func preparedWithin(budget <-chan time.Time, done <-chan preparation) preparation {
	select {
	case p := <-done:
		return p
	case <-budget:
	}
	select {
	case p := <-done:
		return p
	default:
		return preparation{outcome: departureTimedOut}
	}
}

// outcomeOf returns the outcome of a departure with these hand-overs.
func outcomeOf(handOvers []cache.Handover) string {
	if len(handOvers) == 0 {
		return departureNoLeader
	}
	for _, handOver := range handOvers {
		if handOver.Successor == "" {
			return departureNobodyFollows
		}
	}
	return departurePrepared
}

// failed counts and logs a failure. It never becomes a denial.
func (d *departures) failed(err error) {
	d.metrics.failures.WithLabelValues(hookDepartures).Inc()
	d.log.Error(err, "Failed to handle an admission request; it was allowed")
}

// maxWarnings is the number of warnings that a response has at most. Ten, however long their names, have fewer than 4,096 characters: the
// API server truncates longer ones (k8s.io/apiserver/pkg/endpoints/filters/warning.go).
const maxWarnings = 10

// describe returns a warning to the client for each Service that no pod can lead next, up to maxWarnings, and an audit annotation that
// names the successors.
func describe(departure cache.Departure, handOvers []cache.Handover) (warnings []string, audit map[string]string) {
	if len(handOvers) == 0 {
		return nil, nil
	}
	var successors []string
	for _, handOver := range handOvers {
		successor := handOver.Successor
		if successor == "" {
			successor = "nobody"
			if len(warnings) < maxWarnings {
				warnings = append(warnings, fmt.Sprintf(
					"tanist: %s leads Service %s and no other pod can follow: the Service will have no leader",
					departure.Name, handOver.Service.Name))
			}
		}
		successors = append(successors, handOver.Service.Name+": "+successor)
	}
	return warnings, map[string]string{"successor": strings.Join(successors, ", ")}
}
