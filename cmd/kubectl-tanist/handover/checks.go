package handover

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// check is one condition of a hand-over.
type check struct {
	// what holds if the check passes.
	what string
	// problem is why it fails; nil if it passes.
	problem error
	// unknown is why nobody knows; empty if it is known.
	unknown string
}

// problemsOf returns the problems of all checks, joined; nil if none failed.
func problemsOf(checks []check) error {
	var all []error
	for _, c := range checks {
		all = append(all, c.problem)
	}
	return errors.Join(all...)
}

// failed reports whether any of the checks failed.
func failed(checks []check) bool {
	return slices.ContainsFunc(checks, func(c check) bool { return c.problem != nil })
}

// before returns the pod that should lead, and the checks of what must hold before that pod matters. It stops at the first that fails.
func (s *snapshot) before(to string) (target string, checks []check) {
	checks = []check{{what: "the Service and its namespace have opted in", problem: s.checkOptedIn()}}
	if failed(checks) {
		return to, checks
	}
	if paused := s.checkNotPaused(); paused != nil {
		return to, append(checks, check{problem: paused})
	}
	if follows := s.checkNotFollowing(); follows != nil {
		return to, append(checks, check{problem: follows})
	}
	checks = append(checks, check{what: "the Service has a leader Service", problem: s.checkLeaderService()})
	if failed(checks) {
		return to, checks
	}
	target, err := s.target(to)
	if err != nil {
		return to, append(checks, check{problem: err})
	}
	return target, append(checks, check{what: fmt.Sprintf("%s leads, and %s is to follow", s.leadership.Leader.Name, target)})
}

// of returns the checks of the pod that should lead.
func (s *snapshot) of(to string, keep bool) []check {
	able := check{what: "pod " + to + " is selected by the Service and ready", problem: s.checkPod()}
	if s.pod == nil {
		able.unknown = "you may not read pods"
	}
	return []check{able, {what: "no other pod is the preferred leader", problem: s.checkPreference(to, keep)}}
}

// checkLeaderService returns an error if there is no leader Service.
func (s *snapshot) checkLeaderService() error {
	if s.leaderService != nil {
		return nil
	}
	return fmt.Errorf("%s/%s has no leader Service: `kubectl tanist get %s -n %s` says why", s.source.Namespace, s.source.Name, s.source.Name, s.source.Namespace)
}

// checkOptedIn returns an error if Tanist would not act on the Service.
func (s *snapshot) checkOptedIn() error {
	switch {
	case s.source.Labels[config.SourceServiceKey] != "":
		return fmt.Errorf("%s/%s is a leader Service: name the Service it was made for, %s", s.source.Namespace, s.source.Name, s.source.Labels[config.SourceServiceKey])
	case s.namespace != nil && !config.Enabled(s.namespace.Labels):
		why := ""
		if wrong := status.WrongLabel(s.namespace.Labels); wrong != "" {
			why = wrong + ": "
		}
		return fmt.Errorf("namespace %s is not opted in: %s%s", s.namespace.Name, why, status.LabelNamespace(s.namespace.Name, s.namespace.Labels))
	case !config.Enabled(s.source.Annotations):
		return fmt.Errorf("%s/%s is not opted in: %s", s.source.Namespace, s.source.Name, status.AnnotateService(s.source))
	}
	return nil
}

// checkNotPaused returns an error if the hand-over would wait until a pause ends. It would then happen at a time that nobody chose.
func (s *snapshot) checkNotPaused() error {
	if !s.options.Paused {
		return nil
	}
	return fmt.Errorf("hand-overs of %s/%s are paused, and this one would wait: end the pause first: kubectl annotate service %s -n %s %s-",
		s.source.Namespace, s.source.Name, s.source.Name, s.source.Namespace, config.PausedKey)
}

// checkNotFollowing returns an error if the application elects the leader.
func (s *snapshot) checkNotFollowing() error {
	if s.options.FollowLease == "" {
		return nil
	}
	return fmt.Errorf("%s/%s follows Lease %s (%s), so its application elects the leader, and Tanist only follows: make the leader give the Lease up, "+
		"for example by deleting its pod", s.source.Namespace, s.source.Name, s.options.FollowLease, config.FollowLeaseKey)
}

// target returns the name of the pod that should lead.
func (s *snapshot) target(to string) (string, error) {
	if s.leadership.Leader == nil {
		return "", errors.New("nobody leads, so there is no leader to hand over from: " + s.hint())
	}
	if to != "" {
		return to, nil
	}
	successor, pending := status.Successor(s.leaderService, s.leadership)
	switch {
	case s.next != nil && s.next.WhyNot != "":
		return "", fmt.Errorf("nobody can follow %s: %s", s.leadership.Leader.Name, s.next.WhyNot)
	case s.next != nil:
		return s.next.Pod, nil
	case pending:
		return "", errors.New("the successor is not published yet: try again in a moment, or name the pod with --to")
	case successor == "":
		return "", fmt.Errorf("nobody can follow %s: no other pod of the Service is ready", s.leadership.Leader.Name)
	}
	return successor, nil
}

// checkPod returns an error if the pod cannot lead. If the user may not read the pod, Tanist decides.
func (s *snapshot) checkPod() error {
	pod := s.pod
	switch {
	case pod == nil:
		return nil
	case !labels.SelectorFromSet(s.source.Spec.Selector).Matches(labels.Set(pod.Labels)):
		return fmt.Errorf("pod %s is not selected by Service %s (%s)", pod.Name, s.source.Name, labels.SelectorFromSet(s.source.Spec.Selector))
	case pod.DeletionTimestamp != nil:
		return fmt.Errorf("pod %s is being deleted", pod.Name)
	case !status.Ready(pod):
		return fmt.Errorf("pod %s is not ready", pod.Name)
	}
	if why := config.Excluded(pod, s.options.CandidateCondition); why != "" {
		return fmt.Errorf("pod %s is not made leader: %s", pod.Name, why)
	}
	return nil
}

// checkPreference returns an error if another pod is preferred. That pod would take over again once the annotation has been restored.
func (s *snapshot) checkPreference(to string, keep bool) error {
	preferred := s.options.PreferredLeader
	if keep || preferred == "" || preferred == to {
		return nil
	}
	return fmt.Errorf("the Service prefers pod %s (%s), which would take over again immediately: prefer the other one for good: "+
		"kubectl tanist handover %s -n %s --to %s --keep", preferred, config.PreferredLeaderKey, s.source.Name, s.source.Namespace, to)
}

func (s *snapshot) hint() string {
	return fmt.Sprintf("see `kubectl tanist get %s -n %s` and the Events of the Service", s.source.Name, s.source.Namespace)
}
