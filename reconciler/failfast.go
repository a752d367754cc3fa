package reconciler

import (
	"context"
	"net/http"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/retry"
)

// Operations, as the retry metrics name them.
const (
	opUpdateSlice     = "update-slice"
	opCreateSlice     = "create-slice"
	opDeleteSlice     = "delete-slice"
	opReadLive        = "read-live"
	opCreateService   = "create-service"
	opPatchService    = "patch-service"
	opDeleteService   = "delete-service"
	opDeleteEndpoints = "delete-endpoints"
	opCreateEvent     = "create-event"
	opReadTuning      = "read-tuning"
	opPatchState      = "patch-state"

	policyFailover = "failover"
	policyStandard = "standard"
	policyEvent    = "event"
)

// initRetryMetrics starts the series of our operations at zero.
func initRetryMetrics() {
	retry.InitMetrics(policyFailover, opUpdateSlice, opCreateSlice, opReadLive)
	retry.InitMetrics(policyStandard, opDeleteSlice, opCreateService, opPatchService, opDeleteService, opDeleteEndpoints, opReadLive, opReadTuning, opPatchState)
	retry.InitMetrics(policyEvent, opCreateEvent)
}

// policy is a tuning's retry policy under its name.
func policy(name string, tuning config.RetryPolicy) retry.Policy {
	return retry.Policy{
		Name: name, MaxAttempts: tuning.MaxAttempts,
		InitialDelay: tuning.InitialDelay.Duration, MaxDelay: tuning.MaxDelay.Duration,
	}
}

type failFastKey struct{}

// failFast marks the calls that a hand-over waits for.
func failFast(ctx context.Context) context.Context {
	return context.WithValue(ctx, failFastKey{}, true)
}

// FailFast is for the transport of the manager's client. An answer with Retry-After makes client-go sleep, for at least a second
// and up to ten times, before its caller learns of it; on calls that a hand-over waits for that is for the failover policy to
// decide, so they lose the header.
func FailFast(next http.RoundTripper) http.RoundTripper {
	return failFastTransport{next}
}

type failFastTransport struct{ http.RoundTripper }

func (t failFastTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(request)
	if err == nil && request.Context().Value(failFastKey{}) != nil {
		response.Header.Del("Retry-After")
	}
	return response, err
}
