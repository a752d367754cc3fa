package trim

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// Anyone who may create pods may create two hundred with a megabyte of labels each, in a namespace that has never opted in. So an object
// that has more than the following after it was trimmed is too large: the informers keep little more than its identity, and a mark. No
// object that does what these objects are for comes close.
const (
	// maxLabels limits the labels of a pod. Each is an entry of an index, which takes more memory than the label.
	maxLabels = 100
	// maxPorts limits the ports of a Service.
	maxPorts = 1000
	// maxPodBytes limits a trimmed pod and a trimmed ReplicaSet, and maxServiceBytes a trimmed Service or EndpointSlice, as encoded.
	maxPodBytes     = 16 << 10
	maxServiceBytes = 64 << 10
)

// tooLarge marks an object in memory of which a part has been left out. The managed fields of other objects are dropped, except for
// what preferredManager keeps, so nobody can make up the mark, and Tanist never writes it.
var tooLarge = []metav1.ManagedFieldsEntry{{Manager: config.Domain + "/too-large"}}

// TooLarge reports whether an object in memory was too large, so that a part of it has been left out.
func TooLarge(object metav1.Object) bool {
	fields := object.GetManagedFields()
	return len(fields) == 1 && fields[0].Manager == tooLarge[0].Manager
}

// marked reports whether an object has the very mark in memory. One that comes from the API server may have managed fields that look like it.
func marked(object metav1.Object) bool {
	fields := object.GetManagedFields()
	return len(fields) == 1 && &fields[0] == &tooLarge[0]
}

// TooLargePod and TooLargeService say what is too large, for Events.
var (
	TooLargePod = fmt.Sprintf("it is too large: it has more than %d labels, or more than %d KiB of labels, named ports and annotations of %s",
		maxLabels, maxPodBytes>>10, config.Domain)
	TooLargeService = fmt.Sprintf("is too large: it has more than %d ports, or more than %d KiB of labels, selector, ports and annotations "+
		"(those of %s and those to copy). What is too long was left out", maxPorts, maxServiceBytes>>10, config.Domain)
)

// boundPod returns a trimmed pod as it is, or what is kept of it if it is too large. A few of its labels are kept, so that the Services
// that select the pod can tell that it cannot lead. A pod matches no selector with a part of its labels that it does not match with all.
func boundPod(pod *corev1.Pod) *corev1.Pod {
	if len(pod.Labels) <= maxLabels && pod.Size() <= maxPodBytes {
		return pod
	}
	bounded := &corev1.Pod{
		ObjectMeta: boundMeta(pod.ObjectMeta),
		Spec:       corev1.PodSpec{NodeName: pod.Spec.NodeName},
		Status:     corev1.PodStatus{Phase: pod.Status.Phase, PodIPs: pod.Status.PodIPs[:min(2, len(pod.Status.PodIPs))]},
	}
	for _, condition := range pod.Status.Conditions {
		bounded.Status.Conditions = append(bounded.Status.Conditions, corev1.PodCondition{
			Type: condition.Type, Status: condition.Status, LastTransitionTime: condition.LastTransitionTime,
		})
	}
	return bounded
}

// boundService reduces a trimmed Service that is too large. A selector or a list of ports that is too long is left out as a whole: with a
// part of its selector the Service would select more pods than it asks for. It is then treated as a Service that has lost them, so that
// its leader Service is not deleted at once.
func boundService(service *corev1.Service) {
	if len(service.Spec.Ports) <= maxPorts && service.Size() <= maxServiceBytes {
		return
	}
	service.ObjectMeta = boundMeta(service.ObjectMeta)
	if len(service.Spec.Ports) > maxPorts {
		service.Spec.Ports = nil
	}
	if len(service.Spec.Selector) > maxLabels {
		service.Spec.Selector = nil
	}
	service.Spec.ExternalIPs = service.Spec.ExternalIPs[:min(maxLabels, len(service.Spec.ExternalIPs))]
	service.Spec.LoadBalancerSourceRanges = service.Spec.LoadBalancerSourceRanges[:min(maxLabels, len(service.Spec.LoadBalancerSourceRanges))]
}

// maxEndpoints limits the endpoints that are kept of a slice. Tanist's slices have one, and of other slices only the metadata counts.
const maxEndpoints = 10

// boundSlice reduces a trimmed slice that is too large. If it is Tanist's, it is written anew.
func boundSlice(slice *discoveryv1.EndpointSlice) {
	if len(slice.Endpoints) > maxEndpoints {
		slice.Endpoints = nil
	}
	if len(slice.Ports) <= maxPorts && slice.Size() <= maxServiceBytes {
		return
	}
	slice.ObjectMeta = boundMeta(slice.ObjectMeta)
	slice.Annotations, slice.Endpoints, slice.Ports = nil, nil, nil
}

// boundReplicaSet reduces the trimmed metadata of a ReplicaSet that is too large.
func boundReplicaSet(meta *metav1.PartialObjectMetadata) {
	if meta.Size() > maxPodBytes {
		meta.ObjectMeta = boundMeta(meta.ObjectMeta)
	}
}

// boundMeta returns the metadata that is kept of an object that is too large.
func boundMeta(meta metav1.ObjectMeta) metav1.ObjectMeta {
	bounded := metav1.ObjectMeta{
		Name: meta.Name, Namespace: meta.Namespace, UID: meta.UID, ResourceVersion: meta.ResourceVersion,
		CreationTimestamp: meta.CreationTimestamp, DeletionTimestamp: meta.DeletionTimestamp,
		Labels: shortest(meta.Labels), Annotations: boundAnnotations(meta.Annotations), ManagedFields: tooLarge,
	}
	const longest = 1 << 10 // the names of the kind and of the object are at most 253 bytes each
	if owner := metav1.GetControllerOfNoCopy(&meta); owner != nil && owner.Size() <= longest {
		bounded.OwnerReferences = []metav1.OwnerReference{*owner}
	}
	return bounded
}

// shortest returns the shortest labels, at most maxLabels: those that people select by are short. Of labels of the same length it returns
// all or none, so that every replica keeps the same ones.
func shortest(labels map[string]string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	const longest = 512 // a key has at most 317 bytes, and a value 63
	var counts [longest]int
	for key, value := range labels {
		if n := len(key) + len(value); n < longest {
			counts[n]++
		}
	}
	limit, sum := 0, 0
	for ; limit < longest && sum+counts[limit] <= maxLabels; limit++ {
		sum += counts[limit]
	}
	kept := make(map[string]string, sum)
	for key, value := range labels {
		if len(key)+len(value) < limit {
			kept[key] = value
		}
	}
	return kept
}

// boundAnnotations keeps the annotations that Tanist knows. A value that is too long is cut so that it is wrong, and not missing: for a wrong
// one, the last good value stays in force.
func boundAnnotations(annotations map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range annotations {
		longest := 2 << 10
		switch {
		case key == config.LastGoodKey:
			longest = 16 << 10
		case !slices.Contains(config.KnownKeys(), key):
			continue
		}
		if len(value) > longest {
			value = strings.Clone(value[:64]) + "… (cut)"
		}
		kept[key] = value
	}
	return kept
}
