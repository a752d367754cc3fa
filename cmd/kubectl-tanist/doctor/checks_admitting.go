package doctor

import (
	"fmt"
	"time"

	"github.com/tanist-dev/tanist/config"
)

var admittingChecks = []check{
	{"webhook-answers", admission, "the API server reaches a webhook, and it answers", whileOn(checkTrial)},
	{"deletions-admitted", admission, "admission has seen the deletions of leaders", whileOn(checkDeletions)},
}

// trial is a write that admission must refuse, made as a dry run: nothing is stored, whatever the answer is.
type trial struct {
	// about is the object that the write would have changed.
	about string
	// refused is true if Tanist's webhook refused it.
	refused bool
	// other is why something else refused it; empty otherwise.
	other string
	took  time.Duration
}

// webhookTimeout and tuningTimeout are how long the API server waits for the webhooks of Services, and for that of the tuning. An answer is slow
// after half of that.
const (
	webhookTimeout = time.Second
	tuningTimeout  = 2 * time.Second
)

// checkTrial asks as the API server does, through everything that lies between: the Service, the network, the certificate. No reading of
// objects can replace it.
func checkTrial(f *facts) (found findings) {
	if f.trial.unread != "" {
		return skip(f.trial.unread)
	}
	if !f.trial.found {
		return skip("there is neither a Service that has opted in nor the ConfigMap " + config.TuningConfigMap + " to try a write on")
	}
	took, limit := f.trial.value.took.Round(time.Millisecond), webhookTimeout
	if f.trial.value.about == f.aboutTuning() {
		limit = tuningTimeout
	}
	switch t := f.trial.value; {
	case t.other != "":
		found.warn(t.about, "something else refused the write first: "+t.other, "none: try with another user, or with another namespace")
	case !t.refused:
		found.fail(t.about, fmt.Sprintf("the API server accepts what a webhook must refuse (after %s): it does not reach Tanist, or skips it", took),
			"kubectl get endpointslices -n "+f.tanistNamespace+" -l kubernetes.io/service-name="+config.ReplicaName+
				fmt.Sprintf(" (then check the firewall between the API server and port %d of these pods)", f.webhookPort()))
	case t.took > limit/2:
		found.warn(t.about, fmt.Sprintf("the answer took %s, and the API server waits for %s", took, limit), "kubectl top pods -n "+f.tanistNamespace)
	}
	return found
}

func checkDeletions(f *facts) (found findings) {
	if reason := f.metricsUnread(); reason != "" {
		return skip(reason)
	}
	missed := 0.0
	for _, metrics := range f.metrics {
		missed += metrics.value.sum("tanist_departures_unadmitted_total")
	}
	if missed > 0 {
		found.warn("Tanist", fmt.Sprintf("%v leaders were deleted without a call of admission since the replicas started", missed),
			"correct what the checks above say of the webhooks")
	}
	return found
}
