package notify

import (
	"errors"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Refused reports whether the API server refuses a write for a reason that someone has to mend: a quota, a policy, an admission webhook,
// missing rights. Trying again at once helps with none of them.
func Refused(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return false
	}
	switch code := int(status.Status().Code); code {
	case http.StatusConflict, http.StatusNotFound, http.StatusGone, http.StatusRequestTimeout, http.StatusUnauthorized, http.StatusTooManyRequests:
		return false
	case http.StatusInternalServerError: // how an admission webhook that cannot be called is answered, if it must not be passed over
		return strings.Contains(status.Status().Message, "webhook")
	default:
		return code >= http.StatusBadRequest && code < http.StatusInternalServerError
	}
}

// refusalTold is how often the same refusal is told again while it lasts: an Event is kept for an hour.
const refusalTold = 45 * time.Minute

// Refusal tells of a refused write in the API server's own words.
func Refusal(about *corev1.Service, action string, err error, since attempts) Warning {
	return Warning{
		Object: about, Reason: reasonWriteRefused, Action: action, Note: err.Error(),
		Repetition: int(since.last.Sub(since.first) / refusalTold),
	}
}
