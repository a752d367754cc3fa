package doctor

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// invalid is how the API server refuses an object.
func invalid(message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonInvalid, Code: 422, Message: message}}
}

// mayNot is how the API server refuses a user without the right.
func mayNot(resource string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "x", errors.New(`User "clerk" cannot patch resource "`+resource+`" in API group ""`))
}

func TestTheTrial(t *testing.T) {
	const (
		byServices = `admission webhook "services.tanist.dev" denied the request: Service "web" is invalid`
		byTuning   = `admission webhook "tuning.tanist.dev" denied the request: ConfigMap "tanist-tuning" is invalid`
	)
	noService := func(f *facts) { f.services.value = nil }
	for name, test := range map[string]struct {
		change func(*facts)
		// answers are those to patches, by resource. Without one, the patch is accepted.
		answers map[string]error
		want    reading[trial]
		wantErr string
	}{
		"the webhook refuses it": {
			answers: map[string]error{"services": invalid(byServices)}, want: read(trial{about: "Service shop/web", refused: true}),
		},
		"the only Service is being deleted, which the webhook accepts": {
			change:  func(f *facts) { now := metav1.Now(); f.services.value[0].DeletionTimestamp = &now },
			answers: map[string]error{"configmaps": invalid(byTuning)},
			want:    read(trial{about: "ConfigMap tanist-system/tanist-tuning", refused: true}),
		},
		"nothing refuses it": {want: read(trial{about: "Service shop/web"})},
		"a policy refuses it": {
			answers: map[string]error{"services": invalid("a policy")}, want: read(trial{about: "Service shop/web", other: "a policy"}),
		},
		"another webhook answers with a code of its own": {
			answers: map[string]error{"services": apierrors.NewBadRequest(`admission webhook "other.example.com" does not support dry run`)},
			want:    read(trial{about: "Service shop/web", other: `admission webhook "other.example.com" does not support dry run`}),
		},
		"no Service has opted in": {
			change: noService, answers: map[string]error{"configmaps": invalid(byTuning)},
			want: read(trial{about: "ConfigMap tanist-system/tanist-tuning", refused: true}),
		},
		"no Service has opted in, as far as the user may know": {
			change:  func(f *facts) { f.namespaces = denied[[]*corev1.Namespace]("Namespaces") },
			answers: map[string]error{"configmaps": invalid(byTuning)},
			want:    read(trial{about: "ConfigMap tanist-system/tanist-tuning", refused: true}),
		},
		"the user may not patch the Service": {
			answers: map[string]error{"services": mayNot("services"), "configmaps": invalid(byTuning)},
			want:    read(trial{about: "ConfigMap tanist-system/tanist-tuning", refused: true}),
		},
		"the user may patch neither": {
			answers: map[string]error{"services": mayNot("services"), "configmaps": mayNot("configmaps")},
			want:    reading[trial]{unread: "may not patch ConfigMap tanist-system/tanist-tuning"},
		},
		"the Service has just gone": {
			answers: map[string]error{"services": apierrors.NewNotFound(schema.GroupResource{Resource: "services"}, "web")},
		},
		"there is neither": {
			change: func(f *facts) { noService(f); f.tuning = none[*corev1.ConfigMap]() },
		},
		"the API server does not answer": {
			answers: map[string]error{"services": errors.New("cut off")}, wantErr: "failed to try a write on Service shop/web: cut off",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy(t, func(f *facts) {
				f.trial = none[trial]()
				if test.change != nil {
					test.change(f)
				}
			})
			client := fake.NewClientset()
			client.PrependReactor("patch", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
				return true, nil, test.answers[action.GetResource().Resource]
			})
			err := (&reader{client: client, tanistNamespace: system}).readTrial(t.Context(), f)
			if got := text(err); got != test.wantErr {
				t.Errorf("got error %q, want %q", got, test.wantErr)
			}
			f.trial.value.took = 0
			if diff := cmp.Diff(test.want, f.trial, cmp.AllowUnexported(reading[trial]{}, trial{})); diff != "" {
				t.Errorf("unexpected answer (-want +got):\n%s", diff)
			}
			for _, action := range client.Actions() {
				if patch, ok := action.(clienttesting.PatchActionImpl); !ok || !cmp.Equal(patch.PatchOptions.DryRun, []string{metav1.DryRunAll}) {
					t.Errorf("it makes another request than a dry run: %v", action)
				}
			}
		})
	}
}

// text returns the text of an error; empty if there is none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
