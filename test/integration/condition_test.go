//go:build integration

package integration_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// hasCondition waits until the condition of web's leader Service has this status and reason, and returns it.
func (s *testNamespace) hasCondition(status metav1.ConditionStatus, reason string) metav1.Condition {
	s.t.Helper()
	var got metav1.Condition
	s.exists("web-leader", func(service *corev1.Service) string {
		condition := meta.FindStatusCondition(service.Status.Conditions, config.LeaderReadyCondition)
		if condition == nil || condition.Status != status || condition.Reason != reason || condition.Message == "" {
			return fmt.Sprintf("that the condition is %s, %s; got %+v", status, reason, condition)
		}
		got = *condition
		return ""
	})
	return got
}

// waitsForLeader runs kubectl wait on web's leader Service, as a user would.
func (s *testNamespace) waitsForLeader(status metav1.ConditionStatus) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, kubeconfig, 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"), "--kubeconfig", file,
		"wait", "--for=condition=tanist.dev/LeaderReady="+string(status), "service/web-leader", "--namespace", s.namespace, "--timeout", waitTimeout.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Errorf("kubectl wait: %v: %s", err, out)
	}
}

func TestTheConditionFollowsTheLeader(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.hasCondition(metav1.ConditionFalse, "NoCandidate")

	s.withReadyPod("web", "a")
	s.waitsForLeader(metav1.ConditionTrue)
	first := s.hasCondition(metav1.ConditionTrue, "LeaderReady")

	s.withReadyPod("web", "b")
	s.kill("a")
	s.mirrored("web-leader", s.leads("web", "b"))
	if moved := s.hasCondition(metav1.ConditionTrue, "LeaderReady"); !moved.LastTransitionTime.Equal(&first.LastTransitionTime) {
		t.Errorf("a move has changed the condition from %+v to %+v", first, moved)
	}

	s.notReady("b")
	lost := s.nobodyLeads("web")
	s.waitsForLeader(metav1.ConditionFalse)
	none := s.hasCondition(metav1.ConditionFalse, "NoCandidate")
	if since := time.UnixMilli(lost.Term); none.LastTransitionTime.Time.Sub(since).Abs() > 2*time.Second {
		t.Errorf("the condition is false since %s, the leader was lost at %s", none.LastTransitionTime, since)
	}
	s.readyAgain("b")
	s.hasCondition(metav1.ConditionTrue, "LeaderReady")
}

// TestOtherConditionsStay: the condition is applied by a manager of its own, and the others belong to others.
func TestOtherConditionsStay(t *testing.T) {
	newTanist(t).startElected()
	s, _ := pair(t)
	s.hasCondition(metav1.ConditionTrue, "LeaderReady")
	other := fmt.Sprintf(`{"type":"example.com/Checked","status":"True","reason":"Checked","message":"","lastTransitionTime":%q}`, now())
	wrong := fmt.Sprintf(`{"type":%q,"status":"False","reason":"Mistaken","message":"","lastTransitionTime":%q}`, config.LeaderReadyCondition, now())
	patch(t, clientset.CoreV1().Services(s.namespace), types.StrategicMergePatchType, "web-leader", `{"status":{"conditions":[`+other+`,`+wrong+`]}}`, "status")

	s.exists("web-leader", func(service *corev1.Service) string {
		ours := meta.FindStatusCondition(service.Status.Conditions, config.LeaderReadyCondition)
		if !meta.IsStatusConditionTrue(service.Status.Conditions, "example.com/Checked") || ours == nil || ours.Reason != "LeaderReady" {
			return fmt.Sprintf("that the wrong condition is put right, and the other one stays: %+v", service.Status.Conditions)
		}
		return ""
	})
}
