package store

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/config"
)

// Each index is a function of one object alone. So none can be out of step with what it indexes, and a pod's event costs a few
// look-ups when no Service cares, however many there are.
const (
	podsByLabel             = "tanist-labels"
	podsByNode              = "tanist-node"
	podsOlderReplicas       = "tanist-older-replicas"
	byController            = "tanist-controller"
	servicesBySelector      = "tanist-selector"
	servicesEnabled         = "tanist-enabled"
	servicesByLeaderService = "tanist-leader-service"
	bySource                = "tanist-source"
	slicesByService         = "tanist-service-name"
)

var (
	podIndexers = toolscache.Indexers{
		podsByLabel: indexer(labelPairs), podsByNode: indexer(nodeName), byController: controllerIndex,
		podsOlderReplicas: indexer(OlderReplica),
	}
	replicaSetIndexers = toolscache.Indexers{byController: controllerIndex}
	serviceIndexers    = toolscache.Indexers{
		servicesBySelector:      indexer(selectorPair),
		servicesEnabled:         indexer(enabledNamespace),
		servicesByLeaderService: indexer(wantedLeaderService),
		byController:            controllerIndex,
	}
	sliceIndexers = toolscache.Indexers{
		bySource: indexer(labelledForIndex), byController: controllerIndex, slicesByService: indexer(serviceNameIndex),
	}
)

// indexer adapts a function of one type; it has no values for any other.
func indexer[T any](values func(T) []string) toolscache.IndexFunc {
	return func(object any) ([]string, error) {
		if typed, ok := object.(T); ok {
			return values(typed), nil
		}
		return nil, nil
	}
}

// labelPairs are all the labels of a pod.
func labelPairs(pod *corev1.Pod) []string {
	pairs := make([]string, 0, len(pod.Labels))
	for key, value := range pod.Labels {
		pairs = append(pairs, pod.Namespace+"/"+pair(key, value))
	}
	return pairs
}

// OlderReplica is the namespace of a pod that is a replica of Tanist, of a version before the rules about who may change what. One that
// has not started changes nothing yet, nor does one any more that was told to end and does not answer: its node may be gone, and such a
// pod stays for as long as that is not known.
func OlderReplica(pod *corev1.Pod) []string {
	switch {
	case pod.Labels[config.ReplicaNameKey] != config.ReplicaName, pod.Labels[config.RulesKey] != "",
		pod.Status.Phase == corev1.PodPending, pod.DeletionTimestamp != nil && readiness(pod) != corev1.ConditionTrue:
		return nil
	default:
		return []string{pod.Namespace}
	}
}

// nodeName is the node of a pod that has one.
func nodeName(pod *corev1.Pod) []string {
	if pod.Spec.NodeName == "" {
		return nil
	}
	return []string{pod.Spec.NodeName}
}

func controllerIndex(object any) ([]string, error) {
	meta, ok := object.(metav1.Object)
	if !ok || ControllerUID(meta) == "" {
		return nil, nil
	}
	return []string{string(ControllerUID(meta))}, nil
}

// ControllerUID is that of the object's controlling owner, empty without one.
func ControllerUID(object metav1.Object) types.UID {
	if owner := metav1.GetControllerOfNoCopy(object); owner != nil {
		return owner.UID
	}
	return ""
}

// selectorPair is one label of an opted-in Service's selector: a pod that is selected has it, whatever the others are.
func selectorPair(service *corev1.Service) []string {
	if !concernsUs(service) || len(service.Spec.Selector) == 0 {
		return nil
	}
	return []string{service.Namespace + "/" + firstPair(service.Spec.Selector)}
}

func enabledNamespace(service *corev1.Service) []string {
	if !concernsUs(service) {
		return nil
	}
	return []string{service.Namespace}
}

// wantedLeaderService is the name that the annotations alone ask for. One kept from better days (see options.go) is not found by
// it: then only the Event about a name that is taken is late.
func wantedLeaderService(service *corev1.Service) []string {
	if !concernsUs(service) {
		return nil
	}
	options, _ := config.ParseOptions(service)
	return []string{types.NamespacedName{Namespace: service.Namespace, Name: options.LeaderService}.String()}
}

// labelledForIndex is the Service that a slice's label says it was made for.
func labelledForIndex(slice *discoveryv1.EndpointSlice) []string {
	return nameIndex(slice.Namespace, slice.Labels[config.SourceServiceKey])
}

// serviceNameIndex is the Service whose traffic a slice takes.
func serviceNameIndex(slice *discoveryv1.EndpointSlice) []string {
	return nameIndex(slice.Namespace, slice.Labels[discoveryv1.LabelServiceName])
}

func nameIndex(namespace, name string) []string {
	if name == "" {
		return nil
	}
	return []string{types.NamespacedName{Namespace: namespace, Name: name}.String()}
}

// pair is a label as an index has it. Neither part may contain an equals sign.
func pair(key, value string) string {
	return key + "=" + value
}

// firstPair is the pair with the first key in order, so that a Service and its pods agree on it.
func firstPair(selector map[string]string) string {
	first, found := "", false
	for key := range selector {
		if !found || key < first {
			first, found = key, true
		}
	}
	return pair(first, selector[first])
}
