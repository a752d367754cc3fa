package notify

// Reasons of Events. An Event with the type Warning asks a user to act.
const (
	// ReasonLeaderChanged reports a committed hand-over.
	ReasonLeaderChanged = "LeaderChanged"
	// ReasonNoLeader reports a Service that no pod can lead.
	ReasonNoLeader = "NoLeader"
	// ReasonLastResort reports a leader that is terminating and keeps the traffic, because no other pod is ready.
	ReasonLastResort = "LastResort"

	// ReasonLossSuspected reports a leader that seems to be lost and stays, because no other pod was heard.
	ReasonLossSuspected = "LossSuspected"
	// ReasonNewConnectionsDropped reports a leader whose node answers on connections alone that were open already.
	ReasonNewConnectionsDropped = "NewConnectionsDropped"
	// ReasonLeaderOutOfSight reports a leader that Kubernetes calls not ready only because it no longer hears from the node. It stays,
	// because it tells Tanist that it is ready, or because no other pod is.
	ReasonLeaderOutOfSight = "LeaderOutOfSight"

	// ReasonHandoverHeldBack reports a move that waits, because the Service is paused.
	ReasonHandoverHeldBack = "HandoverHeldBack"
	// ReasonPreferredLeaderExcluded reports a preferred leader that is never made leader, because of its own annotation or a condition.
	ReasonPreferredLeaderExcluded = "PreferredLeaderExcluded"

	// ReasonLeaseUnreadable, ReasonLeaseMissing and ReasonLeaseNotHeld report that nobody is known to be elected in a Lease that a Service
	// follows: Tanist may not read it, it does not exist, or nobody holds it or renews it.
	ReasonLeaseUnreadable = "LeaseUnreadable"
	ReasonLeaseMissing    = "LeaseMissing"
	ReasonLeaseNotHeld    = "LeaseNotHeld"
	// ReasonLeaseHolderUnknown reports a Lease whose holder is none of the Service's pods.
	ReasonLeaseHolderUnknown = "LeaseHolderUnknown"
	// ReasonLeaseHolderNotReady reports a Service without a leader, because the holder of its Lease cannot take traffic.
	ReasonLeaseHolderNotReady = "LeaseHolderNotReady"

	// ReasonOldLeaderEvicted and ReasonOldLeaderCalled report what was done after a voluntary move to end connections to the old leader, and
	// ReasonAfterHandoverFailed that it did not succeed.
	ReasonOldLeaderEvicted    = "OldLeaderEvicted"
	ReasonOldLeaderCalled     = "OldLeaderCalled"
	ReasonAfterHandoverFailed = "AfterHandoverFailed"

	// ReasonInvalidAnnotation reports an annotation of a Service or pod that cannot be what its user meant.
	ReasonInvalidAnnotation = "InvalidAnnotation"
	// ReasonInvalidService reports a Service that opted in and cannot have a leader.
	ReasonInvalidService = "InvalidService"
	// ReasonInvalidTuning reports a tuning that is not in force because it is wrong.
	ReasonInvalidTuning = "InvalidTuning"
	// ReasonTuningNotSaved reports a tuning that is in force and would not outlast a wrong one.
	ReasonTuningNotSaved = "TuningNotSaved"
	// ReasonUnfitPod reports a pod that cannot take any of its Service's traffic.
	ReasonUnfitPod = "UnfitPod"
	// ReasonLeaderIncomplete reports a leader that can take only a part of the traffic.
	ReasonLeaderIncomplete = "LeaderIncomplete"
	// ReasonNoReadinessProbe reports a leader that counts as ready although no probe asks whether it answers.
	ReasonNoReadinessProbe = "NoReadinessProbe"
	// ReasonNoDrainWindow reports a leader that stops serving as soon as its deletion begins, although its Service asks for a drain
	// window.
	ReasonNoDrainWindow = "NoDrainWindow"

	// ReasonLeaderServiceTaken reports that another object has the leader Service's name.
	ReasonLeaderServiceTaken = "LeaderServiceTaken"
	// ReasonNamespaceOptedOut reports a namespace that lost its label while a Service in it has a leader Service.
	ReasonNamespaceOptedOut = "NamespaceOptedOut"
	// ReasonNamespaceNotWatched reports a namespace whose label has no effect, because Tanist is installed for other namespaces only.
	ReasonNamespaceNotWatched = "NamespaceNotWatched"
	// ReasonOtherInstallation reports a leader Service that another installation of Tanist serves.
	ReasonOtherInstallation = "OtherInstallation"
	// ReasonContested reports a leader Service, or its EndpointSlice, that someone changes again and again.
	ReasonContested = "LeaderServiceContested"
	// reasonWriteRefused reports a write that the API server refuses: a quota, a policy, an admission webhook or a missing right.
	reasonWriteRefused = "WriteRefused"
	// ReasonCommitUnstable reports an EndpointSlice that is not written, because it would have to be written again at once.
	ReasonCommitUnstable = "CommitUnstable"
	// ReasonWritesSlowed reports a Service whose leader, leader Service or EndpointSlice changes so often that the writes are slowed down.
	ReasonWritesSlowed = "WritesSlowed"
	// ReasonSliceTaken reports that another object has an EndpointSlice's name.
	ReasonSliceTaken = "EndpointSliceTaken"
	// ReasonForeignSlice reports an EndpointSlice that is not Tanist's and takes traffic of the leader Service.
	ReasonForeignSlice = "ForeignEndpointSlice"
)

// Actions of Events: what Tanist was doing.
const (
	ActionElect  = "Elect"
	ActionMirror = "MirrorService"
	ActionRead   = "ReadConfiguration"
	ActionSave   = "SaveConfiguration"

	ActionAfterHandover = "EndConnections"
)
