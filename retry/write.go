package retry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// ErrUnanswered says that the API server may have carried out a write, although it failed.
var ErrUnanswered = errors.New("an attempt has no answer, and may have been carried out")

// ErrNotSent says that an attempt was given up before anything was sent.
var ErrNotSent = errors.New("not sent")

// Write is Do for a write. It does not cancel an attempt when the context ends, because the API server may carry it out, and then nobody would
// know. It adds ErrUnanswered to its error if the API server may have carried out one of the attempts.
func Write(ctx context.Context, policy Policy, op string, fn func(context.Context) error) error {
	unknown := false
	err := Do(ctx, policy, op, func(ctx context.Context) error {
		err := attemptOnce(context.WithoutCancel(ctx), policy, fn)
		unknown = unknown || Unanswered(err)
		return err
	})
	if err != nil && unknown && !errors.Is(err, ErrUnanswered) {
		return fmt.Errorf("%w (%w)", err, ErrUnanswered)
	}
	return err
}

// Unanswered reports whether the API server may have carried out an attempt at a write that failed with the error. It has not if it refused the
// write, which it does also when it cannot call an admission webhook, or if there was no connection.
func Unanswered(err error) bool {
	var status apierrors.APIStatus
	var connecting *net.OpError
	switch {
	case err == nil, errors.Is(err, ErrNotSent):
		return false
	case errors.Is(err, ErrUnanswered):
		return true
	case errors.As(err, &status):
		return status.Status().Code >= http.StatusInternalServerError && !WebhookFailed(err)
	default:
		return !errors.As(err, &connecting) || connecting.Op != "dial"
	}
}

// WebhookFailed reports whether the API server refused a write because it could not call an admission webhook whose failurePolicy is Fail.
func WebhookFailed(err error) bool {
	return apierrors.IsInternalError(err) && strings.Contains(err.Error(), "webhook")
}
