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
)

// departuresBudget is how long a deletion is held at most. What has not been prepared by then still will be; the answer does not
// wait for it.
const departuresBudget = 50 * time.Millisecond

// departuresAtOnce is how many departures are prepared at a time. When a namespace is emptied faster than its departures can be
// prepared, the rest goes unprepared instead of piling up.
const departuresAtOnce = 256

// Successions chooses successors.
type Successions interface {
	// Prepare chooses the successors of a pod that is about to go, from memory, and answers with one succession for each Service
	// that the pod leads.
	Prepare(departure cache.Departure) []cache.Succession
}

// departures answers for pods DELETE and pods/eviction CREATE. It is an http.Handler and not an admission.Handler: those decode
// whole objects, and deny when they cannot. This one allows, whatever happens.
type departures struct {
	successions Successions
	metrics     *metrics
	log         logr.Logger
	// slots has a value for each departure that is being prepared.
	slots chan struct{}
}

func newDeparturesHandler(successions Successions, metrics *metrics, log logr.Logger) *departures {
	return &departures{successions: successions, metrics: metrics, log: log, slots: make(chan struct{}, departuresAtOnce)}
}

// ServeHTTP allows the request, and prepares the hand-over that it leads to.
func (d *departures) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := readReview(r)
	if err != nil {
		// Without its UID a request cannot be answered. To the API server this is a call that failed, which it ignores.
		d.failed(err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	response := &admissionv1.AdmissionResponse{UID: request.UID, Allowed: true}
	departure, outcome := request.departure()
	if outcome == "" {
		var all []cache.Succession
		all, outcome = d.prepare(departure)
		response.Warnings, response.AuditAnnotations = tell(departure, all)
	}
	d.metrics.departures.WithLabelValues(outcome).Inc()
	if err := writeReview(w, response); err != nil {
		d.failed(err)
	}
}

// prepare has the successions prepared, and gives up waiting for them when the budget is spent.
func (d *departures) prepare(departure cache.Departure) ([]cache.Succession, string) {
	type result struct {
		successions []cache.Succession
		panicked    bool
	}
	budget := time.NewTimer(departuresBudget)
	defer budget.Stop()
	select {
	case d.slots <- struct{}{}:
	case <-budget.C:
		return nil, departureTimedOut
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-d.slots }()
		var r result
		defer func() {
			if cause := recover(); cause != nil {
				d.failed(fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
				r = result{panicked: true}
			}
			done <- r
		}()
		r.successions = d.successions.Prepare(departure)
	}()
	select {
	case r := <-done:
		return r.successions, outcomeOf(r.successions, r.panicked)
	case <-budget.C:
		return nil, departureTimedOut
	}
}

func outcomeOf(all []cache.Succession, panicked bool) string {
	if panicked {
		return departureFailed
	}
	if len(all) == 0 {
		return departureNoLeader
	}
	for _, succession := range all {
		if succession.Successor == "" {
			return departureNobodyFollows
		}
	}
	return departurePrepared
}

// failed counts and logs what must not be seen as a denial.
func (d *departures) failed(err error) {
	d.metrics.failures.WithLabelValues(hookDepartures).Inc()
	d.log.Error(err, "Failed to prepare a departure; it was allowed")
}

// mostWarnings is for how many Services that a pod leads a client is warned.
const mostWarnings = 10

// tell puts successions into words: a warning for the client when nobody can follow, and an annotation of the audit log that names
// the successors.
func tell(departure cache.Departure, all []cache.Succession) (warnings []string, audit map[string]string) {
	if len(all) == 0 {
		return nil, nil
	}
	var successors []string
	for _, succession := range all {
		who := succession.Successor
		if who == "" {
			who = "nobody"
			if len(warnings) < mostWarnings {
				warnings = append(warnings, fmt.Sprintf(
					"tanist: %s leads Service %s and no other pod can follow: the Service will have no leader",
					departure.Name, succession.Service.Name))
			}
		}
		successors = append(successors, succession.Service.Name+": "+who)
	}
	return warnings, map[string]string{"successor": strings.Join(successors, ", ")}
}

// departure is what the request is about; the outcome is not empty when there is nothing to prepare.
func (r *request) departure() (cache.Departure, string) {
	d := cache.Departure{Namespace: r.Namespace, Name: r.Name, Eviction: r.SubResource == "eviction"}
	pod := &r.OldObject.Metadata
	if d.Name == "" { // one of a collection
		d.Name = pod.Name
	}
	d.UID = pod.UID
	if d.Eviction {
		if d.Name == "" {
			d.Name = r.Object.Metadata.Name
		}
		if preconditions := r.Object.DeleteOptions.Preconditions; preconditions != nil && preconditions.UID != nil {
			d.UID = *preconditions.UID
		}
	}
	switch {
	case r.dryRun():
		return d, departureDryRun
	case pod.DeletionTimestamp != nil || d.Name == "":
		return d, departureNoLeader
	default:
		return d, ""
	}
}

// dryRun looks everywhere: an eviction's may be in the Eviction alone.
func (r *request) dryRun() bool {
	return r.DryRun || len(r.Options.DryRun) > 0 || len(r.Object.DeleteOptions.DryRun) > 0
}
