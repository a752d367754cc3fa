//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/env"
)

var errNotHeld = errors.New("none is")

// hold is another webhook, which the API server calls at the same time as Tanist's. It keeps a deletion waiting until the test releases
// it. By then Tanist has answered, and no watch has seen the deletion.
type hold struct {
	t      *testing.T
	remove func()

	requests chan struct{}
	let      chan struct{}
	once     sync.Once
}

// holdDeletions holds the deletions of pods in a namespace. The API server must run on this machine.
func holdDeletions(t *testing.T, client kubernetes.Interface, namespace string) *hold {
	t.Helper()
	h := &hold{t: t, requests: make(chan struct{}, 16), let: make(chan struct{})}
	server := httptest.NewTLSServer(h)
	api := client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	name := "e2e-hold-" + namespace
	h.remove = env.Restoring(t, "deletions", func(ctx context.Context) error {
		h.release()
		server.Close()
		return api.Delete(ctx, name, metav1.DeleteOptions{})
	})
	_, err := api.Create(t.Context(), &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "hold.e2e.tanist.dev",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL:      new(server.URL + "/"),
				CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Delete},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}},
			FailurePolicy:           new(admissionregistrationv1.Ignore),
			SideEffects:             new(admissionregistrationv1.SideEffectClassNone),
			TimeoutSeconds:          new(int32(30)),
			AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// The API server learns of the webhook by a watch.
	h.inForce(client, namespace)
	return h
}

// inForce waits until the API server calls the webhook.
func (h *hold) inForce(client kubernetes.Interface, namespace string) {
	h.t.Helper()
	pods, err := client.CoreV1().Pods(namespace).List(h.t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil || len(pods.Items) == 0 {
		h.t.Fatalf("no pod to try a deletion with: %v", err)
	}
	env.Eventually(h.t, "deletions are held", func(ctx context.Context) error {
		err := client.CoreV1().Pods(namespace).Delete(ctx, pods.Items[0].Name, metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			return err
		}
		select {
		case <-h.requests:
			return nil
		default:
			return errNotHeld
		}
	})
}

// ServeHTTP allows a dry run at once, and any other request when it is released.
func (h *hold) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	select {
	case h.requests <- struct{}{}:
	default: // enough are counted
	}
	if review.Request.DryRun == nil || !*review.Request.DryRun {
		select {
		case <-h.let:
		case <-r.Context().Done():
		}
	}
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review) // the API server goes on without the answer
}

// arrived waits until a deletion is held.
func (h *hold) arrived() {
	h.t.Helper()
	select {
	case <-h.requests:
	case <-time.After(env.Timeout):
		h.t.Fatalf("no deletion came within %v", env.Timeout)
	}
}

// release lets the deletion pass, and all that follow.
func (h *hold) release() { h.once.Do(func() { close(h.let) }) }
