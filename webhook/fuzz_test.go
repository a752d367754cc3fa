package webhook

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-logr/logr/funcr"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/effort"
)

// largestInput is the input up to which a call's cost counts. Larger ones are decoded to more.
const largestInput = 64 << 10

// FuzzReviews checks that no AdmissionReview makes a handler panic, or costs much. Whatever it says, the answer is one that the API server
// understands.
func FuzzReviews(f *testing.F) {
	var panicked atomic.Pointer[string]
	logf.SetLogger(funcr.New(func(_, text string) {
		if strings.Contains(text, "panic:") {
			panicked.Store(&text)
		}
	}, funcr.Options{}))
	paths := []string{pathAny, config.PathDepartures, config.PathServices, config.PathTuning, config.PathNamespaces, config.PathPods}
	create := func(namespace string, object any) []byte {
		return reviewOf(f, &admissionv1.AdmissionRequest{
			UID: "a", Operation: admissionv1.Update, Namespace: namespace, Object: raw(f, object), OldObject: raw(f, object),
		})
	}
	many := service("web")
	for i := range 200 {
		many.Annotations[config.Domain+"/x"+strings.Repeat("y", i)] = "z"
	}
	f.Add(byte(1), reviewOf(f, deletion()))
	f.Add(byte(2), create("shop", many))
	f.Add(byte(2), create("shop", leaderServiceOf("web")))
	f.Add(byte(3), create("tanist-system", &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: config.TuningConfigMap}, Data: map[string]string{config.TuningKey: "election: {removalTaints: [a, 1]}"},
	}))
	f.Add(byte(4), create("", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{config.EnabledKey: "no"}}}))
	f.Add(byte(5), create("shop", pod(nil)))
	f.Add(byte(0), []byte(`{"request":{"uid":"a","resource":{"resource":"pods"},"operation":"DELETE"}}`))

	f.Fuzz(func(t *testing.T, at byte, body []byte) {
		front := newFronted(t, fakeServices{service("web"), leaderServiceOf("web")})
		status, answer := front.post(paths[int(at)%len(paths)], bytes.NewReader(body))
		if text := panicked.Swap(nil); text != nil {
			t.Fatal(*text)
		}
		if !slices.Contains([]int{http.StatusOK, http.StatusBadRequest}, status) {
			t.Errorf("got status %d: %s", status, answer)
		}
		if len(body) <= largestInput {
			effort.Limit(t, "a call", func() { front.post(paths[int(at)%len(paths)], bytes.NewReader(body)) })
		}
	})
}
