package config

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
)

// neverCopied are keys that would be wrong on another object: they say who owns it, or what kubectl last applied to it. What Argo CD, Flux or
// Helm finds with its own key, and not in its source, it may delete.
var neverCopied = []string{
	ManagedByKey, discoveryv1.LabelServiceName, discoveryv1.LabelManagedBy, corev1.LastAppliedConfigAnnotation,
	"argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance",
	"kustomize.toolkit.fluxcd.io/name", "kustomize.toolkit.fluxcd.io/namespace", "helm.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/namespace",
	"meta.helm.sh/release-name", "meta.helm.sh/release-namespace", "config.k8s.io/owning-inventory",
}

// keys reads a comma-separated list of keys of labels or annotations.
func (p *parser) keys(key string) []string {
	value, found := p.annotations[key]
	if !found {
		return nil
	}
	keys := SplitKeys(value)
	for _, one := range keys {
		if problem := uncopyable(one); problem != "" {
			p.reject(key, value, problem)
			return nil
		}
	}
	return keys
}

// SplitKeys splits a comma-separated list of keys. It keeps their order and drops duplicates.
func SplitKeys(list string) []string {
	var keys []string
	seen := sets.New[string]() // a list may have tens of thousands of keys
	for key := range strings.SplitSeq(list, ",") {
		if key = strings.TrimSpace(key); key != "" && !seen.Has(key) {
			seen.Insert(key)
			keys = append(keys, key)
		}
	}
	return keys
}

// uncopyable returns why a key cannot be copied. It is empty for a key that can.
func uncopyable(key string) (problem string) {
	if problems := validation.IsQualifiedName(key); len(problems) > 0 {
		return "must be keys, separated by commas: " + cut(key) + ": " + strings.Join(problems, "; ")
	}
	if strings.HasPrefix(key, Domain+"/") || slices.Contains(neverCopied, key) {
		return cut(key) + " cannot be copied: it means something else on the leader Service"
	}
	return ""
}
