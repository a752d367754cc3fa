package config

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// removalTaints are the keys of taints that are only ever put on a node that is about to go. Not among them is what only says that
// it might (DeletionCandidateOfClusterAutoscaler), and what says that it is ill (node.kubernetes.io/not-ready): the pods' own
// readiness tells that sooner.
var removalTaints = []string{
	"ToBeDeletedByClusterAutoscaler",
	"karpenter.sh/disrupted",
	"karpenter.sh/disruption", // Karpenter before 1.0
	"node.kubernetes.io/out-of-service",
	"node.cloudprovider.kubernetes.io/shutdown",
	"cloud.google.com/impending-node-termination",
	"aws-node-termination-handler/*",
}

// everyKey ends an entry that stands for every key with what is before it.
const everyKey = "/*"

// RemovalTaint says whether a taint with this key announces that its node is about to go: a built-in one, or one of RemovalTaints.
func (t ElectionTuning) RemovalTaint(key string) bool {
	matches := func(entry string) bool {
		if domain, wildcard := strings.CutSuffix(entry, everyKey); wildcard {
			return strings.HasPrefix(key, domain+"/")
		}
		return key == entry
	}
	return slices.ContainsFunc(removalTaints, matches) || slices.ContainsFunc(t.RemovalTaints, matches)
}

// taints reports what cannot be the key of a taint, and what stands twice.
func (v *validator) taints(at *field.Path, keys []string) {
	for i, key := range keys {
		// A wildcard is valid where any name would be.
		asKey := key
		if domain, wildcard := strings.CutSuffix(key, everyKey); wildcard {
			asKey = domain + "/x"
		}
		if problems := validation.IsQualifiedName(asKey); len(problems) > 0 {
			v.check(at.Index(i), key, fmt.Sprintf("must be the key of a taint, such as example.com/going, or %s for every key with a prefix: %s",
				"example.com"+everyKey, strings.Join(problems, "; ")))
		}
		if slices.Contains(keys[:i], key) {
			v.errs = append(v.errs, field.Duplicate(at.Index(i), key))
		}
	}
}
