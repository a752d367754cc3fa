package planner

import (
	"github.com/tanist-dev/tanist/leaderslice"
)

// Behind reports whether the writer of a slice had seen newer pods or Services, or a newer version of the Lease that the Service follows, than
// this replica has. After a live read of the pods and the Lease, it is not behind.
func (in Input) Behind() bool {
	written := in.writtenBasis()
	return !in.PodsReadLive && (leaderslice.OlderVersion(in.Seen.Pods, written.Pods) || leaderslice.OlderVersion(in.Seen.Services, written.Services) ||
		leaderslice.OlderVersion(in.Seen.Lease, written.Lease))
}

// writtenBasis returns the versions that the writers of the slices had seen. Every family counts: when an address of one family changes,
// only the slice of that family is written.
func (in Input) writtenBasis() leaderslice.Basis {
	var written leaderslice.Basis
	for _, family := range leaderslice.Families(in.LeaderService) {
		if slice, exists := in.slice(family); exists {
			written.Pods, written.Services = newer(written.Pods, slice.Basis.Pods), newer(written.Services, slice.Basis.Services)
			written.Lease = newer(written.Lease, slice.Basis.Lease)
		}
	}
	return written
}

// commitBasis returns the basis that a commit records: the newest versions of the pods, of their deletions, of the Services, and of the Lease. It
// is not lower than what the slices say already, unless a live read has shown that no replica can have seen as much.
//
// A live read that lacks pods does not say when they were deleted, only that it was before the version of the list. Then that counts: a replica whose
// informer has not delivered the deletions would take these pods for candidates. Otherwise the version of a list is of no use to the replicas: it may
// be newer than any event, and they would wait for that.
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
	if in.DeletionsMissed {
		basis.Pods = newer(basis.Pods, in.Seen.Pods)
	}
	basis.Services = newer(basis.Services, in.LeaderService.ResourceVersion)
	written := in.writtenBasis()
	basis.Lease = in.leaseBasis(written)
	if !in.PodsReadLive {
		basis.Pods, basis.Services = newer(basis.Pods, written.Pods), newer(basis.Services, written.Services)
	} else if !leaderslice.OlderVersion(in.Seen.Pods, written.Pods) {
		basis.Pods = newer(basis.Pods, written.Pods)
	}
	return basis
}

// leaseBasis returns the version of the Lease that a commit records: that of its last change. Nothing says when a Lease was deleted. Then it is
// what a live read has seen, and otherwise what the slices say.
func (in Input) leaseBasis(written leaderslice.Basis) string {
	version := ""
	switch {
	case in.Options.FollowLease == "":
		return ""
	case in.Lease.Lease != nil:
		version = in.Lease.Lease.ResourceVersion
	case in.PodsReadLive:
		version = in.Seen.Lease
	}
	if in.PodsReadLive && !in.Lease.Unread {
		return version
	}
	return newer(version, written.Lease)
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
