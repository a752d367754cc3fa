//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/election"
)

// deletes waits for so many more pods to be deleted.
func (s *storm) deletes(n int) {
	s.t.Helper()
	before := len(s.all())
	eventually(s.t, fmt.Sprintf("%d more pods are deleted", n), func(context.Context) error {
		if now := len(s.all()); now-before < n {
			return fmt.Errorf("%d were", now-before)
		}
		return nil
	})
}

// handsOver waits for so many more leaders to be deleted and handed over, those that go from now on.
func (s *storm) handsOver(n int) {
	s.t.Helper()
	before := len(s.all())
	eventually(s.t, fmt.Sprintf("%d more leaders are handed over", n), func(context.Context) error {
		done := 0
		for _, l := range s.all()[before:] {
			if l.err != nil {
				return l.err
			}
			if len(l.led) > 0 && s.handedOver(l) {
				done++
			}
		}
		if done < n {
			return fmt.Errorf("%d were", done)
		}
		return nil
	})
}

func (s *storm) handedOver(l loss) bool {
	return !slices.ContainsFunc(l.led, func(service string) bool { return !s.witness.moved(service, l.pod) })
}

// led waits until a pod that stands leads each Service.
func (s *storm) led(when string) {
	s.t.Helper()
	eventually(s.t, "every Service has a leader that stands, "+when, func(ctx context.Context) error {
		list, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
		if err != nil {
			return err
		}
		for name := range stormServices {
			leader := s.witness.leaderOf(name + "-leader")
			if !slices.ContainsFunc(list.Items, func(pod corev1.Pod) bool { return pod.UID == leader && standing(&pod) }) {
				return fmt.Errorf("%s is led by %q", name, leader)
			}
		}
		return nil
	})
}

// stop ends the storm and asks for what must be true of it: every deletion succeeded, every leader was handed over and no other one
// but for the reasons given, at no time two were ready, and each move has a term of its own.
func (s *storm) stop(alsoFor ...election.Reason) {
	s.t.Helper()
	s.end()
	<-s.ended
	s.led("after the storm")
	took := []time.Duration{}
	leaders := 0
	for _, l := range s.all() {
		if l.err != nil {
			s.t.Errorf("a deletion failed after %v: %v", l.took, l.err)
			continue
		}
		took = append(took, l.took)
		leaders += len(l.led)
		for _, service := range l.led {
			if !s.witness.moved(service, l.pod) {
				s.t.Errorf("%s was not handed over when its leader %s was deleted", service, l.pod)
			}
		}
	}
	reasons := map[string]int{}
	for _, m := range s.witness.seen() {
		reasons[m.reason]++
		taken := slices.ContainsFunc(s.all(), func(l loss) bool { return l.pod == m.from })
		if !taken && !slices.Contains(alsoFor, election.Reason(m.reason)) {
			s.t.Errorf("%s moved from a pod that nobody took, for %s", m.service, m.reason)
		}
	}
	s.witness.testify()
	if len(took) == 0 {
		s.t.Fatal("nothing was deleted")
	}
	slices.Sort(took)
	s.t.Logf("%d deletions, none failed: median %s, longest %s; they took %d leaders away; reasons of the moves: %v",
		len(took), inMs(took[len(took)/2]), inMs(took[len(took)-1]), leaders, reasons)
}

// standing reports whether a pod is ready and stays.
func standing(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
	})
}
