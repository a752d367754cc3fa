package config

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// removalTaints are the keys of taints that are only put on a node that is about to be removed. Taints of nodes that may be removed
// (DeletionCandidateOfClusterAutoscaler) are not among them. Neither are taints of unhealthy nodes (node.kubernetes.io/not-ready): the
// readiness of the pods shows that sooner.
var removalTaints = []string{
	"ToBeDeletedByClusterAutoscaler",
	"karpenter.sh/disrupted",
	"karpenter.sh/disruption", // Karpenter before 1.0
	"node.kubernetes.io/out-of-service",
	"node.cloudprovider.kubernetes.io/shutdown",
	"cloud.google.com/impending-node-termination",
	"aws-node-termination-handler/*",
}

// everyKey is the suffix of an entry that matches every key with the prefix before it.
const everyKey = "/*"

// RemovalTaint reports whether a taint with this key announces the removal of its node: a built-in one, or one of RemovalTaints.
func (t ElectionTuning) RemovalTaint(key string) bool {
	matches := func(entry string) bool {
		if domain, wildcard := strings.CutSuffix(entry, everyKey); wildcard {
			return strings.HasPrefix(key, domain+"/")
		}
		return key == entry
	}
	return slices.ContainsFunc(removalTaints, matches) || slices.ContainsFunc(t.RemovalTaints, matches)
}

// taints reports entries that cannot be the key of a taint, and duplicates.
func (v *validator) taints(at *field.Path, keys []string) {
	known := make(map[string]bool, len(keys))
	for i, key := range keys {
		if len(v.errs) >= MaxErrors {
			v.errs = append(v.errs, field.Invalid(at, field.OmitValueType{}, "more entries may be wrong: they were not checked"))
			return
		}
		// A wildcard is valid where any name would be.
		asKey := key
		if domain, wildcard := strings.CutSuffix(key, everyKey); wildcard {
			asKey = domain + "/x"
		}
		if problems := validation.IsQualifiedName(asKey); len(problems) > 0 {
			v.check(at.Index(i), cut(key), fmt.Sprintf("must be the key of a taint, such as example.com/going, or %s for every key with a prefix: %s",
				"example.com"+everyKey, strings.Join(problems, "; ")))
		}
		if known[key] {
			v.errs = append(v.errs, field.Duplicate(at.Index(i), cut(key)))
		}
		known[key] = true
	}
}
