//go:build integration

package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/doctor"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

func newDoctor(k kubectl, streams genericiooptions.IOStreams) *cobra.Command {
	return doctor.NewCommand(k, streams, "v0.1.0")
}

// diagnose runs doctor, and returns what each check has found.
func (k kubectl) diagnose(t *testing.T, tanistNamespace string) map[string]doctor.Result {
	t.Helper()
	out, stderr, err := k.run(t, newDoctor, "-o", "json", "--tanist-namespace", tanistNamespace)
	var d doctor.Diagnosis
	if decodeErr := json.Unmarshal([]byte(out), &d); decodeErr != nil {
		t.Fatalf("got %v, %s%s", err, out, stderr)
	}
	if d.Success != (err == nil) {
		t.Errorf("got %v, although success is %t", err, d.Success)
	}
	results := map[string]doctor.Result{}
	for _, result := range d.Checks {
		results[result.ID] = result
	}
	return results
}

// finds waits until checks end in this way. The API server and its webhooks learn of a change a moment later.
func (k kubectl) finds(t *testing.T, tanistNamespace string, outcome doctor.Outcome, checks ...string) {
	t.Helper()
	history.eventually(t, func() string {
		results := k.diagnose(t, tanistNamespace)
		for _, id := range checks {
			if got := results[id]; got.Outcome != outcome {
				return fmt.Sprintf("the check %s to have %s, got %+v", id, outcome, got)
			}
		}
		return ""
	})
}

func TestDoctorFindsWhatIsWrongWithServices(t *testing.T) {
	installation := newTanist(t)
	installation.startElected()
	s, _ := pair(t)
	s.follows("web-leader", "a", "b")
	user := kubectl{namespace: s.namespace}
	user.finds(t, installation.namespace, doctor.Passed, "lease", "tuning", "tuning-saved", "namespace-label", "namespace-opted-in", "annotations",
		"can-lead", "leader-service-name", "leader-service", "other-installation", "writes", "endpoints", "leftovers", "leader", "leader-traffic",
		"candidates", "nodes", "disruption-budget")
	user.finds(t, installation.namespace, doctor.Failed, "deployment", "webhooks") // there is only a replica
	user.finds(t, installation.namespace, doctor.Skipped, "secret-path", "followed-lease")

	s.withService("unselected", func(service *corev1.Service) { service.Spec.Selector = nil })
	user.finds(t, installation.namespace, doctor.Failed, "can-lead")

	taken := s.serviceOf("api-leader", func(service *corev1.Service) { service.Annotations = nil })
	if _, err := clientset.CoreV1().Services(s.namespace).Create(t.Context(), taken, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.withService("api")
	user.finds(t, installation.namespace, doctor.Failed, "leader-service-name")

	mistyped := newNamespace(t, config.EnabledKey+"=yes")
	mistyped.withService("web")
	kubectl{namespace: mistyped.namespace}.finds(t, installation.namespace, doctor.Failed, "namespace-label", "namespace-opted-in")

	if _, err := clientset.CoreV1().ConfigMaps(installation.namespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: config.TuningConfigMap}, Data: map[string]string{config.TuningKey: "commit: {concurrency: 0}"},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	user.finds(t, installation.namespace, doctor.Failed, "tuning")
}

// TestARefusedWriteIsForgottenWhenNothingIsLeftToWrite: the Event stays for an hour, and the leader Service is as the API server has completed it.
func TestARefusedWriteIsForgottenWhenNothingIsLeftToWrite(t *testing.T) {
	installation := newTanist(t)
	replica := installation.startElected()
	s, _ := pair(t)
	s.follows("web-leader", "a", "b")
	source, err := clientset.CoreV1().Services(s.namespace).Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	later := metav1.NewTime(time.Now().Add(time.Minute)) // so that no write since counts
	if _, err := clientset.CoreV1().Events(s.namespace).Create(t.Context(), &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: s.namespace, Name: "refused"},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Service", Namespace: s.namespace, Name: "web", UID: source.UID},
		Reason:         "WriteRefused", Type: corev1.EventTypeWarning, Message: "failed to patch Service web-leader: no", FirstTimestamp: later, LastTimestamp: later,
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	user := kubectl{namespace: s.namespace}
	user.finds(t, installation.namespace, doctor.Passed, "writes")
	replica.stop()
	s.annotate("web", config.LeaderServiceTypeKey, "NodePort")
	user.finds(t, installation.namespace, doctor.Failed, "writes")
}

// TestDoctorFindsRolloutsThatReplacePodsTooEarly follows the advice, too.
func TestDoctorFindsRolloutsThatReplacePodsTooEarly(t *testing.T) {
	installation := newTanist(t)
	installation.startElected()
	s := newNamespace(t)
	s.withService("web")
	set := s.withReplicaSet("old", 1)
	s.withReadyPod("web", "a", ofReplicaSet(set))
	s.leads("web", "a")
	user := kubectl{namespace: s.namespace}
	user.finds(t, installation.namespace, doctor.Warned, "min-ready-seconds", "drain-window")
	problem := user.diagnose(t, installation.namespace)["min-ready-seconds"].Problems[0]
	patch := `{"spec":{"minReadySeconds":5}}`
	if want := "kubectl patch deployment web -p '" + patch + "' -n " + s.namespace; problem.Remedy != want {
		t.Fatalf("got %+v, want the remedy %s", problem, want)
	}
	s.patchDeployment("web", patch)
	user.finds(t, installation.namespace, doctor.Passed, "min-ready-seconds")
	user.finds(t, installation.namespace, doctor.Warned, "drain-window")
}

func TestDoctorFindsWhatIsWrongWithAdmission(t *testing.T) {
	i, r := admitting(t)
	s, _ := pair(t)
	user := kubectl{namespace: s.namespace}
	well := []string{"webhooks", "ca-injected", "certificate", "trust", "secret-path", "webhook-answers", "rights", "tuning", "lease"}
	user.finds(t, release, doctor.Passed, well...)
	if result := user.diagnose(t, release)["webhook-answers"]; len(result.Problems) > 0 {
		t.Errorf("got %+v", result)
	}
	// Without a Service, the tuning is tried.
	kubectl{namespace: newNamespace(t).namespace}.finds(t, release, doctor.Passed, "webhook-answers")

	i.configure(env.UnusedPort())
	user.finds(t, release, doctor.Failed, "webhook-answers")
	i.configure(r.port, patiently(t))
	user.finds(t, release, doctor.Passed, well...)

	removeBundles(t)
	user.finds(t, release, doctor.Failed, "ca-injected", "webhook-answers")

	role, err := clientset.RbacV1().Roles(release).Get(t.Context(), "tanist", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rules := role.Rules
	t.Cleanup(func() { setRules(t, rules) })
	setRules(t, rules[:1])
	user.finds(t, release, doctor.Failed, "rights")

	i.removeWebhooks(t.Context())
	user.finds(t, release, doctor.Failed, "webhooks")
}

func TestDoctorSkipsWhatItsUserMayNotRead(t *testing.T) {
	installation := newTanist(t)
	installation.startElected()
	s, _ := pair(t)
	s.follows("web-leader", "a", "b")
	s.allow("viewer", rbacv1.PolicyRule{APIGroups: []string{"", "discovery.k8s.io"}, Resources: []string{"services", "endpointslices", "pods"}, Verbs: []string{"get", "list"}})
	user := kubectl{namespace: s.namespace, user: "viewer"}
	user.finds(t, installation.namespace, doctor.Passed, "annotations", "can-lead", "leader", "candidates")
	user.finds(t, installation.namespace, doctor.Skipped, "deployment", "replicas", "versions", "plugin", "lease", "leases", "tuning", "tuning-saved", "tuning-replicas",
		"webhooks", "ca-injected", "certificate", "trust", "secret-path", "webhook-answers", "rights", "namespace-label", "writes", "disruption-budget")
	if out, stderr, err := user.run(t, newDoctor, "--tanist-namespace", installation.namespace); err != nil {
		t.Errorf("got %v, although nothing that %s may read is wrong: %s%s", err, user.user, out, stderr)
	}
}

// removeBundles removes the CA from all webhooks, and keeps cert-manager from putting it back.
func removeBundles(t *testing.T) {
	t.Helper()
	const injector = "cert-manager.io/inject-ca-from"
	api := clientset.AdmissionregistrationV1()
	history.eventually(t, func() string {
		validating, err := api.ValidatingWebhookConfigurations().Get(t.Context(), configurations, metav1.GetOptions{})
		if err == nil {
			delete(validating.Annotations, injector)
			for n := range validating.Webhooks {
				validating.Webhooks[n].ClientConfig.CABundle = nil
			}
			_, err = api.ValidatingWebhookConfigurations().Update(t.Context(), validating, metav1.UpdateOptions{})
		}
		if err != nil {
			return "an update of the webhooks: " + err.Error()
		}
		return ""
	})
}

// setRules replaces the rules of the chart's Role.
func setRules(t *testing.T, rules []rbacv1.PolicyRule) {
	t.Helper()
	history.eventually(t, func() string {
		ctx := context.WithoutCancel(t.Context())
		role, err := clientset.RbacV1().Roles(release).Get(ctx, "tanist", metav1.GetOptions{})
		if err == nil {
			role.Rules = rules
			_, err = clientset.RbacV1().Roles(release).Update(ctx, role, metav1.UpdateOptions{})
		}
		if err != nil {
			return "an update of the Role: " + err.Error()
		}
		return ""
	})
}
