package afterhandover

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// result is what became of an action.
type result string

const (
	resultDone result = "done"
	// resultGone is that there is no such pod any more.
	resultGone result = "gone"
	// resultAgain is a failure that may pass, resultRefused that a budget allows no eviction now, and resultUnanswered that the API server may have
	// evicted the pod. All three are tried again.
	resultAgain      result = "again"
	resultRefused    result = "refused"
	resultUnanswered result = "unanswered"
	// resultFailed is a failure that does not pass by itself.
	resultFailed result = "failed"
)

// apply acts. Nothing else in this package writes to the API. It returns what to say about the result.
func (c *Controller) apply(ctx context.Context, in input, d decision) (result, string) {
	if d.step == stepCall {
		status, err := post(ctx, c.caller, d.url, in.handover())
		return answered(d.url, status, err)
	}
	return evicted(c.evict(ctx, in))
}

// evictTimeout is how long an eviction may take: longer than the 10 s that an admission webhook has unless it asks for more, and short enough for
// another attempt if the API server went away without a word.
const evictTimeout = 12 * time.Second

// evict asks, once, for the eviction of the old leader. The UID makes sure that it is that pod, and no later one of its name. The API server may
// ask to wait for ten seconds: the place is for others meanwhile.
func (c *Controller) evict(ctx context.Context, in input) error {
	return retry.Write(retry.WithFailFast(ctx), retry.Policy{Name: store.StandardPolicyName, Timeout: evictTimeout}, opEvict, func(ctx context.Context) error {
		return c.evictions.Create(ctx, in.pod, &policyv1.Eviction{
			ObjectMeta:    metav1.ObjectMeta{Namespace: in.pod.Namespace, Name: in.pod.Name},
			DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &in.old.UID}},
		})
	})
}

// evictions is how RBAC names what the account lacks if the chart does not give it.
const evictions = `"pods/eviction"`

// severalBudgets is in the answer, with code 500, to the eviction of a pod that several budgets select.
const severalBudgets = "more than one PodDisruptionBudget"

// evicted returns what the API server's answer to an eviction means.
func evicted(err error) (result, string) {
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return resultDone, "it was evicted"
	case apierrors.IsNotFound(err):
		return resultGone, ""
	case apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause):
		return resultRefused, err.Error()
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), evictions):
		return resultFailed, err.Error() + " (the chart's value afterHandover.evictions gives the right)"
	case errors.As(err, &status) && strings.Contains(status.Status().Message, severalBudgets):
		return resultFailed, status.Status().Message
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsMethodNotSupported(err):
		return resultFailed, err.Error()
	case errors.Is(err, retry.ErrUnanswered):
		return resultUnanswered, err.Error()
	default: // also a conflict: the pod is another one, or is being changed
		return resultAgain, err.Error()
	}
}

// answered returns what the answer to a call means.
func answered(url string, status int, err error) (result, string) {
	text := fmt.Sprintf("POST %s was answered with %d %s", url, status, http.StatusText(status))
	switch {
	case err != nil:
		return resultAgain, err.Error()
	case status >= http.StatusOK && status < http.StatusMultipleChoices:
		return resultDone, text
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return resultFailed, text + ", and no redirect is followed"
	case status >= http.StatusInternalServerError, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status == http.StatusTooEarly:
		return resultAgain, text
	default:
		return resultFailed, text
	}
}
