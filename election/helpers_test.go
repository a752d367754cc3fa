package election

import "time"

// t0 is the time of every decision in the tests.
var t0 = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// pod is a fit candidate, a minute old and ready for half of it, alone on its node.
func pod(name string, changes ...func(*Candidate)) Candidate {
	c := Candidate{
		UID:        "uid-" + name,
		Name:       name,
		Node:       "node-of-" + name,
		Created:    t0.Add(-time.Minute),
		Ready:      true,
		ReadySince: t0.Add(-30 * time.Second),
		Ordinal:    -1,
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func aged(age time.Duration) func(*Candidate) {
	return func(c *Candidate) { c.Created = t0.Add(-age) }
}

func readyFor(d time.Duration) func(*Candidate) {
	return func(c *Candidate) { c.Ready, c.ReadySince = true, t0.Add(-d) }
}

func notReadyFor(d time.Duration) func(*Candidate) {
	return func(c *Candidate) { c.Ready, c.ReadySince = false, t0.Add(-d) }
}

func onNode(name string) func(*Candidate) {
	return func(c *Candidate) { c.Node = name }
}

func ordinal(i int) func(*Candidate) {
	return func(c *Candidate) { c.Ordinal = i }
}

func priority(p int) func(*Candidate) {
	return func(c *Candidate) { c.Priority = p }
}

func announced(a Announcement) func(*Candidate) {
	return func(c *Candidate) { c.Announced = a }
}

func deletionCost(cost int) func(*Candidate) {
	return func(c *Candidate) { c.DeletionCost = cost }
}

// outdated is a pod that the rollout of its workload replaces, and current one that it does not replace.
func outdated(c *Candidate) { c.Workload, c.Outdated = "workload", true }

func current(c *Candidate) { c.Workload, c.Outdated = "workload", false }

func restarted(c *Candidate) { c.Restarted = true }

// missing is a pod that cannot carry n of the Service's ports and families.
func missing(n int) func(*Candidate) {
	return func(c *Candidate) { c.Missing = n }
}

func finite(c *Candidate) { c.Finite = true }

func unprobed(c *Candidate) { c.Unprobed = true }

func draining(c *Candidate) { c.Terminating = true }

func stopped(c *Candidate) { c.Terminating, c.Ready = true, false }

func broken(c *Candidate) { c.Problem = "no IPv6 address" }

// lost is a pod that an observer believes to be lost.
func lost(why Reason) func(*Candidate) {
	return func(c *Candidate) { c.Lost = why }
}

func marked(c *Candidate) { c.Marked = true }

func heard(c *Candidate) { c.Heard = true }

// outOfSight is a pod on a node from which Kubernetes does not hear.
func outOfSight(c *Candidate) { c.NodeUnknown, c.Ready = true, false }

// saysReady is a pod that tells an observer that it is ready.
func saysReady(c *Candidate) { c.SaysReady = true }

// led is the pod with this name as the incumbent.
func led(name string) Incumbent {
	return Incumbent{UID: "uid-" + name, Name: name, Node: "node-of-" + name}
}

// ledSince is led, with a reason and for how long it has led.
func ledSince(name string, reason Reason, ago time.Duration) Incumbent {
	incumbent := led(name)
	incumbent.Reason, incumbent.Since = reason, t0.Add(-ago)
	return incumbent
}

func nameOf(c *Candidate) string {
	if c == nil {
		return ""
	}
	return c.Name
}

func uidOf(c *Candidate) string {
	if c == nil {
		return ""
	}
	return c.UID
}

// lasting restricts a condition to pods that do not run to completion.
func lasting(may func(Candidate) bool) func(Candidate) bool {
	return func(c Candidate) bool { return !c.Finite && may(c) }
}
