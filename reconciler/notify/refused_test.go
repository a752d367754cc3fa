package notify

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tanist-dev/tanist/retry"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestRefused(t *testing.T) {
	services := schema.GroupResource{Resource: "services"}
	hook := apierrors.NewInternalError(errors.New(`failed calling webhook "x.example.com": context deadline exceeded`))
	terminating := apierrors.NewForbidden(services, "web-leader", errors.New("namespace shop is being terminated"))
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	denied := &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusTeapot, Message: "admission webhook denied the request"}}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"a quota or a policy refuses":              {apierrors.NewForbidden(services, "web-leader", errors.New("exceeded quota: q")), true},
		"the object is invalid":                    {apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, "web-leader", nil), true},
		"a webhook answers with a code of its own": {denied, true},
		"a webhook cannot be called":               {hook, true},
		"a refusal is wrapped and joined":          {errors.Join(nil, fmt.Errorf("failed to create: %w", denied)), true},
		"a conflict":                               {apierrors.NewConflict(services, "web-leader", errors.New("changed")), false},
		"the object is gone":                       {apierrors.NewNotFound(services, "web-leader"), false},
		"the object exists":                        {apierrors.NewAlreadyExists(services, "web-leader"), false},
		"the API server is overloaded":             {apierrors.NewTooManyRequestsError("later"), false},
		"the API server shuts down":                {apierrors.NewServiceUnavailable("shutting down"), false},
		"the API server has an error of its own":   {apierrors.NewInternalError(errors.New("etcd")), false},
		"the namespace is being deleted":           {terminating, false},
		"refused, perhaps because it was done":     {fmt.Errorf("%w (%w)", denied, retry.ErrUnanswered), false},
		"there is no answer":                       {errors.New("connection refused"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Refused(test.err); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestAWarningAboutARefusalIsRepeatedBeforeItsEventExpires(t *testing.T) {
	d, b := NewDeduplicator(), NewBackoff()
	err := errors.New("exceeded quota: q")
	sent := 0
	for now := gen.T0; now.Before(gen.T0.Add(2 * time.Hour)); now = now.Add(longestDelay) {
		warning := WriteRefusedWarning(gen.WebService(), ActionMirror, err, b.Record(gen.ShopWeb, err.Error(), now))
		sent += len(d.Filter(gen.ShopWeb, []Warning{warning}))
	}
	if sent != 3 {
		t.Errorf("it is sent %d times in two hours, want 3", sent)
	}
}
