package grantnodes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// held is what the records say of one term.
type held struct {
	first, last Record
	pods        map[string]bool
}

// terms returns what the records say of each term, in the order of the terms.
func terms(records []Record) []held {
	byTerm := map[int64]*held{}
	for _, r := range records {
		t := byTerm[r.Term]
		if t == nil {
			t = &held{first: r, last: r, pods: map[string]bool{}}
			byTerm[r.Term] = t
		}
		t.pods[r.Pod] = true
		if r.To < t.first.To {
			t.first = r
		}
		if r.From > t.last.From {
			t.last = r
		}
	}
	var all []held
	for _, term := range slices.Sorted(maps.Keys(byTerm)) {
		all = append(all, *byTerm[term])
	}
	return all
}

// Problems returns what the records say against the promise that at most one pod holds a grant at a time: a term that two pods had a grant for, and a
// pod whose grant was valid although another one had one for a later term before.
func Problems(records []Record) (problems []string) {
	var before *held
	for _, t := range terms(records) {
		if len(t.pods) > 1 {
			problems = append(problems, fmt.Sprintf("term %d: grants of %v", t.first.Term, slices.Sorted(maps.Keys(t.pods))))
		}
		if before != nil && before.last.From > t.first.To {
			problems = append(problems, fmt.Sprintf("%s had a grant for term %d, and %s one for term %d at least %s later",
				t.first.Pod, t.first.Term, before.last.Pod, before.last.Term, before.last.From-t.first.To))
		}
		if before == nil || t.last.From > before.last.From {
			before = &t
		}
	}
	return problems
}

// Moves returns how many terms there were with a grant, less one.
func Moves(records []Record) int { return max(0, len(terms(records))-1) }

// Handovers returns for how long nobody had a grant between each term and the next one; zero if looks of both overlap.
func Handovers(records []Record) []time.Duration {
	all := terms(records)
	var between []time.Duration
	for i := 1; i < len(all); i++ {
		between = append(between, max(0, all[i].first.From-all[i-1].last.To))
	}
	return between
}

// Fault is what was done at a time.
type Fault struct {
	At   time.Duration
	Name string
}

// Gap is a time in which nobody had a grant.
type Gap struct {
	From, To time.Duration
	// Fault is the last fault that began before the end of the gap; empty for none.
	Fault string
}

// shortestGap is the shortest one that is counted: some times the pause between two looks, because the machine is busy.
const shortestGap = 50 * time.Millisecond

// Gaps returns the times between records in which nobody had a grant.
func Gaps(records []Record, faults []Fault) []Gap {
	sorted := slices.SortedFunc(slices.Values(records), func(a, b Record) int { return cmp.Compare(a.From, b.From) })
	var gaps []Gap
	for i, last := 1, time.Duration(0); i < len(sorted); i++ {
		last = max(last, sorted[i-1].To)
		if sorted[i].From-last < shortestGap {
			continue
		}
		gap := Gap{From: last, To: sorted[i].From}
		for _, f := range faults {
			if f.At <= gap.To {
				gap.Fault = f.Name
			}
		}
		gaps = append(gaps, gap)
	}
	return gaps
}

// Table returns how many gaps each kind of fault had, and how long they lasted.
func Table(gaps []Gap) string {
	byFault := map[string][]time.Duration{}
	for _, g := range gaps {
		byFault[g.Fault] = append(byFault[g.Fault], g.To-g.From)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%-40s %5s %10s %10s\n", "nobody had a grant after", "times", "median", "longest")
	for _, name := range slices.Sorted(maps.Keys(byFault)) {
		all := byFault[name]
		slices.Sort(all)
		fmt.Fprintf(&text, "%-40s %5d %10s %10s\n", cmp.Or(name, "no fault"), len(all),
			all[len(all)/2].Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond))
	}
	return text.String()
}
