package notify

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
		"a quota or a policy":               {apierrors.NewForbidden(services, "web-leader", errors.New("exceeded quota: q")), true},
		"what the API server cannot take":   {apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, "web-leader", nil), true},
		"a webhook's own code":              {denied, true},
		"a webhook that cannot be called":   {hook, true},
		"wrapped and beside another":        {errors.Join(nil, fmt.Errorf("failed to create: %w", denied)), true},
		"a conflict":                        {apierrors.NewConflict(services, "web-leader", errors.New("changed")), false},
		"what is gone":                      {apierrors.NewNotFound(services, "web-leader"), false},
		"what is there already":             {apierrors.NewAlreadyExists(services, "web-leader"), false},
		"an overloaded API server":          {apierrors.NewTooManyRequestsError("later"), false},
		"an API server that is going":       {apierrors.NewServiceUnavailable("going"), false},
		"an API server's own trouble":       {apierrors.NewInternalError(errors.New("etcd")), false},
		"a namespace that is being deleted": {terminating, false},
		"no answer":                         {errors.New("connection refused"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Refused(test.err); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
