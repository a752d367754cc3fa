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
	"github.com/tanist-dev/tanist/test/env"
)

// awaitDeletions waits until n more pods are deleted.
func (s *deletions) awaitDeletions(n int) {
	s.t.Helper()
	before := len(s.all())
	env.Eventually(s.t, fmt.Sprintf("%d more pods are deleted", n), func(context.Context) error {
		if now := len(s.all()); now-before < n {
			return fmt.Errorf("%d were", now-before)
		}
		return nil
	})
}

// awaitHandovers waits until n more leaders are deleted and handed over, counted from now on.
func (s *deletions) awaitHandovers(n int) {
	s.t.Helper()
	before := len(s.all())
	env.Eventually(s.t, fmt.Sprintf("%d more leaders are handed over", n), func(context.Context) error {
		done := 0
		for _, d := range s.all()[before:] {
			if d.err != nil {
				return d.err
			}
			if len(d.led) > 0 && s.handedOver(d) {
				done++
			}
		}
		if done < n {
			return fmt.Errorf("%d were", done)
		}
		return nil
	})
}

func (s *deletions) handedOver(d deletion) bool {
	return !slices.ContainsFunc(d.led, func(service string) bool { return !s.recorder.moved(service, d.pod) })
}

// awaitLeaders waits until a ready pod leads each Service.
func (s *deletions) awaitLeaders(when string) {
	s.t.Helper()
	env.Eventually(s.t, "every Service has a ready leader, "+when, func(ctx context.Context) error {
		list, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
		if err != nil {
			return err
		}
		for name := range deletionServices {
			leader := s.recorder.leaderOf(name + "-leader")
			if !slices.ContainsFunc(list.Items, func(pod corev1.Pod) bool { return pod.UID == leader && env.IsReady(&pod) }) {
				return fmt.Errorf("%s is led by %q", name, leader)
			}
		}
		return nil
	})
}

// stop ends the deletions and checks them: every deletion succeeded, every deleted leader was handed over, no other leader moved but for
// the reasons given, never were two endpoints ready, and each move has a term of its own.
func (s *deletions) stop(alsoFor ...election.Reason) {
	s.t.Helper()
	s.end()
	<-s.ended
	s.awaitLeaders("after the deletions")
	took := []time.Duration{}
	leaders := 0
	for _, d := range s.all() {
		if d.err != nil {
			s.t.Errorf("a deletion failed after %v: %v", d.took, d.err)
			continue
		}
		took = append(took, d.took)
		leaders += len(d.led)
		for _, service := range d.led {
			if !s.recorder.moved(service, d.pod) {
				s.t.Errorf("%s was not handed over when its leader %s was deleted", service, d.pod)
			}
		}
	}
	reasons := map[string]int{}
	for _, m := range s.recorder.allMoves() {
		reasons[m.reason]++
		deleted := slices.ContainsFunc(s.all(), func(d deletion) bool { return d.pod == m.from })
		if !deleted && !slices.Contains(alsoFor, election.Reason(m.reason)) {
			s.t.Errorf("%s moved from a pod that was not deleted, for %s", m.service, m.reason)
		}
	}
	s.recorder.check()
	if len(took) == 0 {
		s.t.Fatal("nothing was deleted")
	}
	slices.Sort(took)
	s.t.Logf("%d deletions, none failed: median %s, longest %s; they ended %d leaderships; reasons of the moves: %v",
		len(took), inMs(took[len(took)/2]), inMs(took[len(took)-1]), leaders, reasons)
}
