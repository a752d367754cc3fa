package notify

import (
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/tanist-dev/tanist/retry"
)

// Refused reports whether the API server refuses a write until someone changes something: a quota, a policy, an admission webhook or a
// missing right. An immediate retry helps with none of them. An attempt whose answer was lost may be why a later one is refused: it has used up the
// quota itself, for example.
func Refused(err error) bool {
	var status apierrors.APIStatus
	if errors.Is(err, retry.ErrUnanswered) || !errors.As(err, &status) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return false
	}
	switch code := int(status.Status().Code); code {
	case http.StatusConflict, http.StatusNotFound, http.StatusGone, http.StatusRequestTimeout, http.StatusUnauthorized, http.StatusTooManyRequests:
		return false
	case http.StatusInternalServerError:
		return retry.WebhookFailed(err)
	default:
		return code >= http.StatusBadRequest && code < http.StatusInternalServerError
	}
}

// RefusalCause returns what refusals for the same cause have in common: the API server's words without their numbers. Times and ports, for example,
// differ at each attempt.
func RefusalCause(err error) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return '0'
		}
		return r
	}, err.Error())
}

// refusedInterval is how often the warning about the same refusal is sent while it lasts: the API server keeps an Event for an hour.
const refusedInterval = 45 * time.Minute

// WriteRefusedWarning returns the warning about a refused write, in the API server's own words.
func WriteRefusedWarning(about *corev1.Service, action string, err error, tried Attempts) Warning {
	return Warning{
		Object: about, Reason: reasonWriteRefused, Action: action, Note: err.Error(), Cause: RefusalCause(err),
		Repetition: int(tried.last.Sub(tried.first) / refusedInterval),
	}
}
