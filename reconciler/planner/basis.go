package planner

import (
	"github.com/tanist-dev/tanist/leaderslice"
)

// Behind reports whether the writer of a slice had seen newer pods or Services than this replica has. After a live read of the pods, it is
// not behind.
func (in Input) Behind() bool {
	written := in.writtenBasis()
	return !in.PodsReadLive && (leaderslice.OlderVersion(in.Seen.Pods, written.Pods) || leaderslice.OlderVersion(in.Seen.Services, written.Services))
}

// writtenBasis returns the versions that the writers of the slices had seen. Every family counts: when an address of one family changes,
// only the slice of that family is written.
func (in Input) writtenBasis() leaderslice.Basis {
	var written leaderslice.Basis
	for _, family := range leaderslice.Families(in.LeaderService) {
		if slice, exists := in.slice(family); exists {
			written.Pods, written.Services = newer(written.Pods, slice.Basis.Pods), newer(written.Services, slice.Basis.Services)
		}
	}
	return written
}

// commitBasis returns the basis that a commit records: the newest versions of the pods, of their deletions, and of the Services. It is not
// lower than what the slices say already, unless a live read has shown that no replica can have seen as much.
func (in Input) commitBasis() leaderslice.Basis {
	basis := leaderslice.Basis{Pods: in.Record.PodsVersion, Services: in.Source.ResourceVersion}
	// What the leader cache has observed is empty at first. Then every pod's events count: a pod may have been deleted before.
	if basis.Pods == "" {
		basis.Pods = in.DeliveredPods
	}
	// Both versions may have arrived after the pods were listed, and may date from before a restore of etcd.
	if basis.Pods == "" || leaderslice.OlderVersion(in.Seen.Pods, basis.Pods) {
		basis.Pods = in.Seen.Pods
	}
	for _, pod := range in.Pods {
		basis.Pods = newer(basis.Pods, pod.ResourceVersion)
	}
	basis.Services = newer(basis.Services, in.LeaderService.ResourceVersion)
	if written := in.writtenBasis(); !in.PodsReadLive {
		basis.Pods, basis.Services = newer(basis.Pods, written.Pods), newer(basis.Services, written.Services)
	}
	return basis
}

// SeeServices records that the source Service and the leader Service were read from the API server.
func (in *Input) SeeServices() {
	in.Seen.Services = newer(in.Seen.Services, newer(in.Source.ResourceVersion, in.LeaderService.ResourceVersion))
}

// newer returns the newer one of two versions.
func newer(a, b string) string {
	if a == "" || leaderslice.OlderVersion(a, b) {
		return b
	}
	return a
}
