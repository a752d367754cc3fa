// Package grantmodel is a model of the protocol by which pods are granted the leadership (docs/grants.md, package grant), and a search of
// everything that can happen in it: requests, answers and messages between replicas that are lost, late, out of order or repeated; processes
// and replicas that stop and start, and replicas that leave for good; leaders that move while all of it is under way; and an etcd that is restored.
//
// The search finds that no two pods hold a grant at a time. It proves something because it also finds what goes wrong when any one of the
// protocol's rules is left out (see Rule).
//
// Processes may ask as often as they like. What is limited is how often the leader moves, processes step down, replicas restart or leave and etcd is
// restored, and how many messages are under way at a time. All clocks run at the same speed, and a grant lasts two ticks.
//
// The search leaves out what makes no difference:
//
//   - A request is sent when the read for it begins, since a grant counted from earlier is shorter. Requests from before a step-down may still
//     come after it.
//   - A read takes time only when the slice changes meanwhile. Else it might as well have begun when it ended. A request of a leader
//     that has to wait is held in the program, which is a read that takes as long: what a replica learns meanwhile voids either.
//   - A message that is lost is one that never arrives. That a leader leads no longer, and that the next one waits, are told so that somebody asks or
//     steps down, and a process does either whenever it likes.
//   - A state is the same as another if the two replicas, or the two processes of a pod, have changed places, or if they differ in what nothing
//     depends on any more (see key).
package grantmodel
