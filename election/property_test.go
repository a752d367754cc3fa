package election

import (
	"fmt"
	"slices"
	"testing"
	"testing/quick"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAlways checks what must be true of every decision about pods that nobody doubts.
func TestAlways(t *testing.T) {
	properties := map[string]func(s input) error{
		"the pods' order does not matter, and deciding changes none of them": orderDoesNotMatter,
		"deciding again with the chosen leader changes nothing": func(s input) error {
			first := s.decide()
			again := Decide(s.Rules, s.Candidates, s.led(first), t0)
			want := first
			want.Move = false
			if first.Leader != nil && first.Ready {
				want.Reason = ""
			}
			return differ(want, again)
		},
		"a new leader is fit, and a leader that is called ready serves or is within its grace": func(s input) error {
			d := s.decide()
			switch {
			case d.Leader == nil && d.Ready, d.Leader != nil && d.Move && (!d.Ready || !d.Leader.Fit()):
				return fmt.Errorf("unfit: %+v", d)
			case d.Leader != nil && d.Ready && !d.Leader.serves() && !s.Rules.withinGrace(d.Leader, t0):
				return fmt.Errorf("neither serves nor is within its grace: %+v", d)
			}
			return nil
		},
		"a leader that is not ready was the leader, terminates and still serves": func(s input) error {
			d := s.decide()
			if d.Leader != nil && !d.Ready && (d.Leader.UID != s.Incumbent.UID || !d.Leader.servesWhileTerminating() || d.Reason != ReasonLastResort) {
				return fmt.Errorf("not a last resort: %+v", d)
			}
			return nil
		},
		"a Service has a ready leader whenever a pod is fit": func(s input) error {
			d := s.decide()
			if d.Reason == ReasonLastResort && !d.Leader.Finite && !slices.ContainsFunc(s.Candidates, lasting(Candidate.Fit)) {
				return nil // every fit pod runs to completion
			}
			if slices.ContainsFunc(s.Candidates, Candidate.Fit) && (d.Leader == nil || !d.Ready) {
				return fmt.Errorf("without a ready leader: %+v", d)
			}
			return nil
		},
		"a leader that stands gives way only to an eligible pod that has longer to live, and is not announced to go or it is at once": func(s input) error {
			d, holder := s.decide(), s.holder()
			if !s.Rules.stands(holder, t0) || !d.Move || holder.Finite {
				return nil
			}
			if d.Leader == nil || !s.Rules.Eligible(*d.Leader, t0) ||
				d.Leader.Announced != NotAnnounced && (!holder.Announced.immediate() || d.Leader.Announced.urgency() >= holder.Announced.urgency()) {
				return fmt.Errorf("gave way: %+v", d)
			}
			return nil
		},
		"a rollout moves the leader to a pod that has not crashed, or is past its probation": func(s input) error {
			d := s.decide()
			if d.Move && d.Reason == ReasonRollout && (d.Leader.Restarted || s.Incumbent.followsAFailure(t0)) && t0.Before(d.Leader.ReadySince.Add(probation)) {
				return fmt.Errorf("moved: %+v", d)
			}
			return nil
		},
		"a sticky healthy leader that is neither announced nor excluded gives way only to the preferred pod, one that carries more, or one that lasts": func(s input) error {
			d, holder := s.decide(), s.holder()
			if s.Rules.Sticky && s.Rules.stands(holder, t0) && holder.Announced == NotAnnounced && holder.Excluded == "" && d.Move && d.Leader.Name != s.Rules.Preferred &&
				d.Leader.Missing >= holder.Missing && (d.Leader.Finite || !holder.Finite) {
				return fmt.Errorf("gave way: %+v", d)
			}
			return nil
		},
		"a pod that runs to completion leads only while no other pod is fit": func(s input) error {
			d := s.decide()
			if d.Leader == nil || !d.Leader.Finite || s.Rules.LossesOnly || s.Rules.Paused || s.Rules.withinGrace(d.Leader, t0) {
				return nil
			}
			if slices.ContainsFunc(s.Candidates, lasting(Candidate.Fit)) {
				return fmt.Errorf("leads: %+v", d)
			}
			return nil
		},
		"a leader that stands does not give way to a pod that carries less, unless it is deleted at once or runs to completion": func(s input) error {
			d, holder := s.decide(), s.holder()
			if s.Rules.stands(holder, t0) && d.Move && d.Leader.Missing > holder.Missing && !holder.Announced.immediate() && !holder.Finite {
				return fmt.Errorf("gave way: %+v", d)
			}
			return nil
		},
		"a leader that stands gives way to a pod that carries more only if that is not on probation": func(s input) error {
			d := s.decide()
			if d.Move && d.Reason == ReasonLeaderIncomplete && d.Leader.Restarted && t0.Before(d.Leader.ReadySince.Add(probation)) {
				return fmt.Errorf("gave way: %+v", d)
			}
			return nil
		},
		"a reason is a loss exactly when the incumbent does not stand": func(s input) error {
			d, stands := s.decide(), s.Rules.stands(s.holder(), t0)
			if d.Reason != "" && d.Reason.Loss() == stands {
				return fmt.Errorf("the incumbent stands: %t, but %+v", stands, d)
			}
			return nil
		},
		"with LossesOnly a leader that stands stays, and a loss is handled as ever": func(s input) error {
			s.Rules.LossesOnly = false
			ever := s.decide()
			s.Rules.LossesOnly = true
			d := s.decide()
			if s.Rules.stands(s.holder(), t0) {
				if d.Move || d.Reason != "" || uidOf(d.Leader) != s.Incumbent.UID {
					return fmt.Errorf("moved: %+v", d)
				}
				return nil
			}
			ever.RequeueAfter, d.RequeueAfter = 0, 0 // the new leader is not challenged later
			return differ(ever, d)
		},
		"with Paused a leader that stands stays, what is held back is what would be decided otherwise, and a loss is handled as ever": func(s input) error {
			s.Rules.Paused = false
			ever := s.decide()
			s.Rules.Paused = true
			d := s.decide()
			if !s.Rules.stands(s.holder(), t0) {
				ever.RequeueAfter, d.RequeueAfter = 0, 0 // the new leader is not challenged later
				return differ(ever, d)
			}
			if d.Move || d.Reason != "" || uidOf(d.Leader) != s.Incumbent.UID {
				return fmt.Errorf("moved: %+v", d)
			}
			if d.HeldBackReason != ever.Reason || ever.Move && uidOf(d.HeldBack) != uidOf(ever.Leader) {
				return fmt.Errorf("would be decided otherwise: %+v, but: %+v", ever, d)
			}
			return nil
		},
		"an excluded leader gives way as soon as a pod is eligible that is not announced and carries as much for as long": func(s input) error {
			d, holder := s.decide(), s.holder()
			if s.Rules.LossesOnly || s.Rules.Paused || !s.Rules.stands(holder, t0) || holder.Excluded == "" || d.Move {
				return nil
			}
			e := newEvaluation(s.Rules, s.Candidates, t0)
			if i := slices.IndexFunc(e.candidates, func(c Candidate) bool {
				return e.eligible(c) && c.Announced == NotAnnounced && c.Missing <= holder.Missing && (holder.Finite || !c.Finite)
			}); i >= 0 {
				return fmt.Errorf("%s did not follow: %+v", e.candidates[i].Name, d)
			}
			return nil
		},
		"there is a reason exactly when something is to be said": func(s input) error {
			d := s.decide()
			if said, toSay := d.Reason != "", d.Move || d.Leader == nil || !d.Ready; said != toSay {
				return fmt.Errorf("reason %q: %+v", d.Reason, d)
			}
			if d.Reason != "" && d.Reason != ReasonLastResort && !slices.Contains(Reasons(), d.Reason) {
				return fmt.Errorf("reason %q is not in Reasons()", d.Reason)
			}
			if d.Move && d.Reason == ReasonLastResort {
				return fmt.Errorf("a last resort moves the leadership: %+v", d)
			}
			return nil
		},
		"the successor is who leads once the leader terminates": func(s input) error {
			d := s.decide()
			if d.Leader == nil {
				return differ(Decision{}, Decision{Successor: d.Successor})
			}
			later := slices.Clone(s.Candidates)
			i := slices.IndexFunc(later, func(c Candidate) bool { return c.UID == d.Leader.UID })
			later[i].Terminating, later[i].Ready = true, false
			next := Decide(s.Rules, later, s.led(d), t0)
			if uidOf(next.Leader) != uidOf(d.Successor) {
				return fmt.Errorf("successor %q, but %q leads", uidOf(d.Successor), uidOf(next.Leader))
			}
			return nil
		},
		"time alone changes the outcome exactly when RequeueAfter says": dueWhenSaid,
		"the leadership settles: a pod that time alone took it from does not get it back": func(s input) error {
			// The user may prefer a pod that a rollout then moves the leadership from, when the next pod is ready. The pod that led before
			// may then be the best again.
			once := s.Rules.Sticky && s.Rules.Preferred == "" || !newEvaluation(s.Rules, s.Candidates, t0).rollsOut()
			incumbent, led := s.Incumbent, map[string]bool{}
			for now, looks := t0, 0; ; looks++ {
				d := Decide(s.Rules, s.Candidates, incumbent, now)
				if d.Move && d.Leader != nil {
					if once && led[d.Leader.UID] {
						return fmt.Errorf("%s led before: %+v", d.Leader.Name, d)
					}
					led[d.Leader.UID] = true
				}
				if d.RequeueAfter == 0 {
					return nil
				}
				if looks > 20 {
					return fmt.Errorf("still looking: %+v", d)
				}
				incumbent, now = d.incumbent(incumbent, now), now.Add(d.RequeueAfter)
			}
		},
	}
	for name, holds := range properties {
		runProperty(t, name, func(s input) error { return holds(s.withoutDoubts()) })
	}
}

func orderDoesNotMatter(s input) error {
	before := slices.Clone(s.Candidates)
	want := s.decide()
	if diff := cmp.Diff(want, Decide(s.Rules, s.Shuffled, s.Incumbent, t0)); diff != "" {
		return fmt.Errorf("shuffled (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, s.Candidates); diff != "" {
		return fmt.Errorf("candidates changed:\n%s", diff)
	}
	return nil
}

func dueWhenSaid(s input) error {
	d := s.decide()
	incumbent := s.led(d)
	for after := time.Duration(0); after < 15*time.Second; after += 500 * time.Millisecond {
		later := Decide(s.Rules, s.Candidates, incumbent, t0.Add(after))
		same := uidOf(later.Leader) == uidOf(d.Leader) && later.Ready == d.Ready && uidOf(later.Successor) == uidOf(d.Successor) &&
			uidOf(later.HeldBack) == uidOf(d.HeldBack) && later.HeldBackReason == d.HeldBackReason
		if due := d.RequeueAfter > 0 && after >= d.RequeueAfter; !due && !same {
			return fmt.Errorf("changed after %s, RequeueAfter %s: %+v", after, d.RequeueAfter, later)
		} else if due && after == d.RequeueAfter && same {
			return fmt.Errorf("nothing changed at RequeueAfter %s", after)
		}
	}
	return nil
}

func runProperty(t *testing.T, name string, holds func(s input) error) {
	t.Run(name, func(t *testing.T) {
		check := func(s input) bool {
			err := holds(s)
			if err != nil {
				t.Error(err)
			}
			return err == nil
		}
		if err := quick.Check(check, &quick.Config{MaxCount: 3000}); err != nil {
			t.Error(err)
		}
	})
}

func differ(want, got Decision) error {
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("(-want +got):\n%s", diff)
	}
	return nil
}
