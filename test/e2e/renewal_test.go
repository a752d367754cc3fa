//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// ourWebhooks are all webhooks of the chart.
var ourWebhooks = []string{departures, "services.tanist.dev", "tuning.tanist.dev", "namespaces.tanist.dev", "drainwindow.tanist.dev"}

// TestRenewal renews the CA and the leaf, and then the CA once more, so that the API server connects to what is served by then. With a
// deletion every 100 ms no call fails, and no replica restarts.
func TestRenewal(t *testing.T) {
	client := env.Connect(t)
	s := startDeletions(t, client)
	awaitAdmission(t, client)
	restarts := restartsOf(t, client)
	before := map[string]float64{}
	for _, webhook := range ourWebhooks {
		before[webhook] = failedOpen(t, client, webhook)
	}
	stop := churn(t, client)

	injected := bundle(t, client)
	renew(t, client, caName)
	injected = awaitInjected(t, client, injected)
	old := secret(t, client, servingName).Data[corev1.TLSCertKey]
	renew(t, client, servingName)
	awaitRenewed(t, client, old)
	renew(t, client, caName)
	awaitInjected(t, client, injected)
	awaitServed(t, client, "what the API server trusts", isTrusted(t, client))
	s.awaitHandovers(during)
	awaitAdmission(t, client)

	deleted := stop()
	for _, webhook := range ourWebhooks {
		if failed := failedOpen(t, client, webhook) - before[webhook]; failed != 0 {
			t.Errorf("%v calls of %s failed", failed, webhook)
		}
	}
	if after := restartsOf(t, client); fmt.Sprint(after) != fmt.Sprint(restarts) {
		t.Errorf("the replicas have restarted: %v, before %v", after, restarts)
	}
	awaitTrusted(t, client, true)
	s.stop()
	t.Logf("the CA was renewed twice and the leaf once during %d other deletions, of pods that lead nothing; no call failed", deleted)
}

// renew renews a Certificate as cmctl renew does, and waits until it is renewed.
func renew(t *testing.T, client kubernetes.Interface, name string) {
	t.Helper()
	before := secret(t, client, name).Data[corev1.TLSCertKey]
	env.Run(t, "kubectl", "patch", "certificates.cert-manager.io", name, "--namespace", env.TanistNamespace, "--subresource", "status",
		"--type", "json", "--patch", fmt.Sprintf(`[{"op": "add", "path": "/status/conditions/-", "value": {
			"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "by a test", "lastTransitionTime": %q
		}}]`, time.Now().UTC().Format(time.RFC3339)))
	env.Eventually(t, name+" is renewed", func(context.Context) error {
		if bytes.Equal(secret(t, client, name).Data[corev1.TLSCertKey], before) {
			return errors.New("it is the same")
		}
		return nil
	})
}

// awaitInjected waits for another CA in the webhook configurations.
func awaitInjected(t *testing.T, client kubernetes.Interface, before []byte) (injected []byte) {
	t.Helper()
	env.Eventually(t, "the renewed CA is injected", func(context.Context) error {
		if injected = bundle(t, client); bytes.Equal(injected, before) {
			return errors.New("it is the same bundle")
		}
		return nil
	})
	return injected
}

// restartsOf is how often each replica has restarted.
func restartsOf(t *testing.T, client kubernetes.Interface) map[string]int32 {
	t.Helper()
	pods, err := env.ReadyReplicas(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	restarts := map[string]int32{}
	for _, pod := range pods {
		restarts[pod.Name] = pod.Status.ContainerStatuses[0].RestartCount
	}
	return restarts
}

// churn creates and deletes a pod every 100 ms, in a namespace that has opted in. No node can run the pod. Each pod causes two calls of
// admission. stop ends it and returns the number of pods.
func churn(t *testing.T, client kubernetes.Interface) (stop func() int) {
	t.Helper()
	namespace := env.NewNamespace(t, client, map[string]string{config.EnabledKey: "true"})
	env.Eventually(t, "pods can be created", func(ctx context.Context) error {
		_, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	pods := client.CoreV1().Pods(namespace)
	ctx, end := context.WithCancel(t.Context())
	n, ended := 0, make(chan error, 1)
	go func() {
		ended <- wait.PollUntilContextCancel(ctx, 100*time.Millisecond, false, func(ctx context.Context) (bool, error) {
			created, err := pods.Create(ctx, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{GenerateName: "nowhere-"},
				Spec: corev1.PodSpec{
					NodeSelector: map[string]string{"e2e.tanist.dev/nowhere": ""},
					Containers:   []corev1.Container{{Name: "none", Image: "none"}},
				},
			}, metav1.CreateOptions{})
			if err == nil {
				err = pods.Delete(ctx, created.Name, metav1.DeleteOptions{})
			}
			switch {
			case ctx.Err() != nil: // what stop cut short does not count
				return false, ctx.Err()
			case err == nil:
				n++
			}
			return false, err
		})
	}()
	return func() int {
		t.Helper()
		end()
		if err := <-ended; !wait.Interrupted(err) {
			t.Errorf("a pod could not be created and deleted: %v", err)
		}
		return n
	}
}
