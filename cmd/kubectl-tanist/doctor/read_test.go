package doctor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"
)

func TestAnswered(t *testing.T) {
	resource := schema.GroupResource{Resource: "secrets"}
	for name, test := range map[string]struct {
		err     error
		want    reading[int]
		wantErr string
	}{
		"there is one":             {want: reading[int]{value: 1, found: true}},
		"there is none":            {err: apierrors.NewNotFound(resource, "x")},
		"the user may not read it": {err: apierrors.NewForbidden(resource, "x", nil), want: reading[int]{unread: "may not read Secrets"}},
		"nobody knows the user":    {err: apierrors.NewUnauthorized("who?"), wantErr: "failed to read Secrets: who?"},
		"there is no answer":       {err: errors.New("cut off"), wantErr: "failed to read Secrets: cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			var got reading[int]
			err := answered(&got, "Secrets", 1, test.err)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(reading[int]{})); diff != "" || text(err) != test.wantErr {
				t.Errorf("got error %v, and (-want +got):\n%s", err, diff)
			}
		})
	}
}

// answer is that of a replica.
type answer struct {
	text string
	err  error
}

func (a answer) DoRaw(context.Context) ([]byte, error) { return []byte(a.text), a.err }

func (a answer) Stream(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewBufferString(a.text)), a.err
}

func TestReadingMetrics(t *testing.T) {
	insecure := func(f *facts) { f.replicas.value[0].Spec.Containers[0].Args = []string{"--metrics-secure=false"} }
	for name, test := range map[string]struct {
		change func(*facts)
		answer answer
		unread string
		asked  int
	}{
		"metrics are for anybody":    {change: insecure, answer: answer{text: "# TYPE tanist_x gauge\ntanist_x 3\n"}, asked: 1},
		"metrics are secure":         {unread: "replicas show their metrics only to whom they know, such as Prometheus"},
		"the user may not":           {change: insecure, answer: answer{err: apierrors.NewForbidden(schema.GroupResource{Resource: "pods/proxy"}, "x", nil)}, asked: 1, unread: "may not read metrics of pods (pods/proxy)"},
		"a replica does not answer":  {change: insecure, answer: answer{err: errors.New("cut off")}, asked: 1, unread: "replica tanist-1 does not show its metrics"},
		"a replica answers nonsense": {change: insecure, answer: answer{text: "<html>"}, asked: 1, unread: "replica tanist-1 does not show its metrics"},
		"a replica has no metrics": {
			change: func(f *facts) { f.replicas.value[0].Spec.Containers[0].Ports = nil }, unread: "replicas serve no metrics",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy(t, func(f *facts) {
				f.replicas.value = f.replicas.value[:1]
				f.replicas.value[0].Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "metrics", ContainerPort: 8080}}
				if test.change != nil {
					test.change(f)
				}
			})
			client, asked := fake.NewClientset(), 0
			client.AddProxyReactor("pods", func(action clienttesting.Action) (bool, rest.ResponseWrapper, error) {
				asked++
				if proxy, ok := action.(clienttesting.ProxyGetAction); !ok || proxy.GetPort() != "8080" || proxy.GetName() != "tanist-1" {
					t.Errorf("it asks %v", action)
				}
				return true, test.answer, nil
			})
			if err := (&reader{client: client, tanistNamespace: system}).readMetrics(t.Context(), f); err != nil {
				t.Fatal(err)
			}
			got := f.metrics["tanist-1"]
			if got.unread != test.unread || asked != test.asked || test.unread == "" && got.value.sum("tanist_x") != 3 {
				t.Errorf("got %+v after %d questions", got, asked)
			}
		})
	}
}

func TestReadingRights(t *testing.T) {
	for name, test := range map[string]struct {
		answer  func(*authorizationv1.SubjectAccessReview) error
		lacks   int
		unread  string
		wantErr string
	}{
		"all are granted": {answer: func(r *authorizationv1.SubjectAccessReview) error { r.Status.Allowed = true; return nil }},
		"one is not": {answer: func(r *authorizationv1.SubjectAccessReview) error {
			a := r.Spec.ResourceAttributes
			r.Status.Allowed = r.Spec.User == "system:serviceaccount:tanist-system:tanist" && (a.Verb != "watch" || a.Resource != "nodes")
			return nil
		}, lacks: 1},
		"the user may not ask": {answer: func(*authorizationv1.SubjectAccessReview) error {
			return apierrors.NewForbidden(schema.GroupResource{}, "", nil)
		}, unread: "may not create SubjectAccessReviews"},
		"there is no answer": {answer: func(*authorizationv1.SubjectAccessReview) error { return errors.New("cut off") }, wantErr: "failed to read rights: cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset()
			client.PrependReactor("create", "subjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
				review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SubjectAccessReview).DeepCopy()
				err := test.answer(review)
				return true, review, err
			})
			f := &facts{tanistNamespace: system}
			err := (&reader{client: client, tanistNamespace: system}).readRights(t.Context(), f)
			lacks := 0
			for _, right := range f.rights.value {
				if !right.granted {
					lacks++
				}
			}
			if text(err) != test.wantErr || f.rights.unread != test.unread || lacks != test.lacks || test.wantErr+test.unread == "" && len(f.rights.value) < 40 {
				t.Errorf("got error %v, %q, and %d of %d rights are lacking", err, f.rights.unread, lacks, len(f.rights.value))
			}
		})
	}
}

// The chart can give the account another name, and gives some rights only with some values.
func TestWhoseRightsAreReadAndWhich(t *testing.T) {
	for name, test := range map[string]struct {
		account string
		flags   []string
		want    []string
	}{
		"the account has the usual name": {},
		"the account has another name":   {account: "ops-tanist"},
		"Tanist makes certificates itself": {
			flags: []string{"--self-managed-certificates"},
			want: []string{
				"list secrets tanist-self-managed in namespace tanist-system",
				"patch mutatingwebhookconfigurations.admissionregistration.k8s.io tanist-system-tanist",
				"patch secrets tanist-self-managed in namespace tanist-system",
				"patch validatingwebhookconfigurations.admissionregistration.k8s.io tanist-system-tanist",
				"watch secrets tanist-self-managed in namespace tanist-system",
			},
		},
		"only some namespaces may opt in": {
			flags: []string{"--watch-namespaces=shop"}, want: []string{"create events.events.k8s.io in namespace default"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy(t, func(f *facts) {
				pod := &f.deployment.value.Spec.Template.Spec
				pod.ServiceAccountName = test.account
				pod.Containers[0].Args = append(pod.Containers[0].Args, test.flags...)
			})
			var got []string
			for _, attributes := range f.rightsOfFlags() {
				got = append(got, describeRight(attributes))
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected rights (-want +got):\n%s", diff)
			}
			want := "system:serviceaccount:tanist-system:tanist"
			if test.account != "" {
				want = "system:serviceaccount:tanist-system:" + test.account
			}
			if got := f.review(evictions).Spec.User; got != want {
				t.Errorf("the rights of %s are read, want those of %s", got, want)
			}
		})
	}
}

func TestAPodThatHasEndedIsNoReplica(t *testing.T) {
	ended := func(name string, phase corev1.PodPhase) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.PodStatus{Phase: phase}}
	}
	got := unfinished(&corev1.PodList{Items: []corev1.Pod{ended("a", corev1.PodFailed), ended("b", corev1.PodRunning), ended("c", corev1.PodSucceeded)}})
	if len(got) != 1 || got[0].Name != "b" {
		t.Errorf("got %d pods, want the one that runs", len(got))
	}
}
