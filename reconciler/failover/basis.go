package failover

import (
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/tanist-dev/tanist/leaderslice"
)

// behind reports whether the writer of a slice had seen more of the pods or the Services than this replica has.
func (in input) behind() bool {
	written := in.writtenBasis()
	return !in.podsReadLive && (olderThan(in.seen.Pods, written.Pods) || olderThan(in.seen.Services, written.Services))
}

// writtenBasis returns how much the writers of the slices had seen. Every family counts: when an address of one family changes, only the
// slice of that family is written.
func (in input) writtenBasis() leaderslice.Basis {
	var written leaderslice.Basis
	for _, family := range leaderslice.Families(in.leaderService) {
		if slice, exists := in.slice(family); exists {
			written.Pods, written.Services = newer(written.Pods, slice.Basis.Pods), newer(written.Services, slice.Basis.Services)
		}
	}
	return written
}

// commitBasis returns the basis that a commit records: the newest versions of the pods, of their deletions, and of the Services. It is not
// lower than what the slices say already, unless a live read has shown that no replica can have seen as much.
func (in input) commitBasis() leaderslice.Basis {
	basis := leaderslice.Basis{Pods: in.record.Pods, Services: in.source.ResourceVersion}
	// The version that the leader cache has observed is empty at first. It may have arrived after the pods were listed, and it may date
	// from before a restore of etcd.
	if basis.Pods == "" || olderThan(in.seen.Pods, basis.Pods) {
		basis.Pods = in.seen.Pods
	}
	for _, pod := range in.pods {
		basis.Pods = newer(basis.Pods, pod.ResourceVersion)
	}
	basis.Services = newer(basis.Services, in.leaderService.ResourceVersion)
	if written := in.writtenBasis(); !in.podsReadLive {
		basis.Pods, basis.Services = newer(basis.Pods, written.Pods), newer(basis.Services, written.Services)
	}
	return basis
}

// olderThan reports whether a version is older than another. A version that cannot be compared is not older, so that no replica waits for
// one that someone made up.
func olderThan(version, other string) bool {
	order, err := resourceversion.CompareResourceVersion(version, other)
	return err == nil && order < 0
}

// newer returns the newer one of two versions.
func newer(a, b string) string {
	if a == "" || olderThan(a, b) {
		return b
	}
	return a
}
