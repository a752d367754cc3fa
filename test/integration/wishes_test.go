//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// annotatePod sets an annotation of a pod.
func (s *testNamespace) annotatePod(name, key, value string) {
	s.t.Helper()
	patch(s.t, clientset.CoreV1().Pods(s.namespace), types.MergePatchType, name, fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, key, value))
}

// paused waits until the leader Service says that hand-overs are paused, for this reason; empty for that they are not.
func (s *testNamespace) paused(reason string) {
	s.t.Helper()
	s.exists("web-leader", func(service *corev1.Service) string {
		condition := meta.FindStatusCondition(service.Status.Conditions, config.HandoversPausedCondition)
		got := ""
		if condition != nil && condition.Status == metav1.ConditionTrue {
			got = condition.Reason
		}
		if got != reason {
			return fmt.Sprintf("a pause with the reason %q, got %+v", reason, condition)
		}
		return ""
	})
}

func TestAPausedServiceMovesOnlyWhatIsLost(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web", annotation(config.PausedKey, "true"))
	node := s.withNode("a")
	s.withReadyPod("web", "a", onNode(node))
	first := s.leads("web", "a")
	s.withReadyPod("web", "b")
	s.paused("NothingHeldBack")

	s.cordon(node)
	s.paused("NodeGoing")
	s.reported("web", "HandoverHeldBack", "pod b would lead (NodeGoing)")
	s.hasCondition(metav1.ConditionTrue, "LeaderReady")
	s.stays("web", first)

	s.annotate("web", config.PausedKey, "")
	second := s.leads("web", "b")
	if !s.next("web", first, second) || second.Reason != "NodeGoing" {
		t.Errorf("got %+v after the pause", second)
	}
	s.paused("")

	s.annotate("web", config.PausedKey, "true")
	s.withReadyPod("web", "c")
	s.terminate("b")
	if third := s.leads("web", "c"); !s.next("web", second, third) || third.Reason != "LeaderDeleted" {
		t.Errorf("got %+v after the deletion", third)
	}
}

func TestAServiceChoosesWhatMovesItsLeader(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web", annotation(config.HandoverOnKey, "none"))
	node := s.withNode("a")
	s.withReadyPod("web", "a", onNode(node))
	first := s.leads("web", "a")
	s.withReadyPod("web", "b")
	s.cordon(node)
	s.condition("a", "DisruptionTarget", "True")
	// The successor is published after the decision about the cordon.
	s.exists("web-leader", func(service *corev1.Service) string {
		if service.Annotations[config.SuccessorKey] != "b" {
			return "that b would follow"
		}
		return ""
	})
	s.stays("web", first)

	s.annotate("web", config.HandoverOnKey, "cordon")
	if second := s.leads("web", "b"); !s.next("web", first, second) || second.Reason != "NodeGoing" {
		t.Errorf("got %+v", second)
	}
}

// TestACordonCountsForTheServiceThatAsks although the tuning ignores cordons, so that the event of the node must reach it.
func TestACordonCountsForTheServiceThatAsks(t *testing.T) {
	tanist := newTanist(t)
	tanist.tune("election: {handoverOnCordon: false}")
	tanist.startElected()
	s := newNamespace(t)
	s.withService("web", annotation(config.HandoverOnKey, "cordon"))
	node := s.withNode("a")
	s.withReadyPod("web", "a", onNode(node))
	first := s.leads("web", "a")
	s.withReadyPod("web", "b")
	s.cordon(node)
	if second := s.leads("web", "b"); !s.next("web", first, second) || second.Reason != "NodeGoing" {
		t.Errorf("got %+v", second)
	}
}

func TestAPodThatIsNotToLead(t *testing.T) {
	newTanist(t).startElected()
	s, first := pair(t)
	s.annotatePod("a", config.CandidateKey, "false")
	second := s.leads("web", "b")
	if !s.next("web", first, second) || second.Reason != "LeaderExcluded" {
		t.Errorf("got %+v", second)
	}

	// Nobody else could follow: b keeps leading while it serves, and a does not lead after it.
	s.annotatePod("b", config.CandidateKey, "false")
	s.annotate("web", config.PreferredLeaderKey, "a")
	s.warned("web", "PreferredLeaderExcluded", "tanist.dev/preferred-leader names pod a")
	s.stays("web", second)
	s.kill("b")
	s.nobodyLeads("web")
	s.warned("web", "NoLeader", "a: its annotation tanist.dev/candidate is false")
	s.annotatePod("a", config.CandidateKey, "true")
	s.leads("web", "a")

	s.annotatePod("a", config.CandidateKey, "no")
	s.warned("a", "InvalidAnnotation", `"no"`)
}

func TestACandidateNeedsTheCondition(t *testing.T) {
	const caughtUp = "example.com/CaughtUp"
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web", annotation(config.CandidateConditionKey, caughtUp))
	s.withReadyPod("web", "a")
	s.withReadyPod("web", "b")
	s.nobodyLeads("web")
	s.condition("b", caughtUp, "True")
	first := s.leads("web", "b")

	s.condition("b", caughtUp, "False") // it serves, so it leads until another pod may
	s.condition("a", caughtUp, "True")
	if second := s.leads("web", "a"); !s.next("web", first, second) || second.Reason != "LeaderExcluded" {
		t.Errorf("got %+v", second)
	}
}

func TestPodsOnPreferredNodesFollow(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web", annotation(config.PreferredNodesKey, "example.com/pool in (green)"))
	s.withReadyPod("web", "a")
	first := s.leads("web", "a")
	b, c := s.withNode("b"), s.withNode("c")
	s.withReadyPod("web", "b", onNode(b))
	s.withReadyPod("web", "c", onNode(c))
	follows := func(pod string) {
		t.Helper()
		s.exists("web-leader", func(service *corev1.Service) string {
			if got := service.Annotations[config.SuccessorKey]; got != pod {
				return fmt.Sprintf("that %s follows, got %q", pod, got)
			}
			return ""
		})
	}
	label := func(node, pool string) {
		s.patchNode(node, fmt.Sprintf(`{"metadata":{"labels":{"example.com/pool":%q}}}`, pool))
	}
	follows("b")
	label(c, "green")
	follows("c")
	label(c, "blue")
	follows("b")
	label(c, "green")
	follows("c")
	s.stays("web", first)
	s.terminate("a")
	if second := s.leads("web", "c"); !s.next("web", first, second) || second.Reason != "LeaderDeleted" {
		t.Errorf("got %+v", second)
	}
}
