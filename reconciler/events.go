package reconciler

// Reasons of Events. Those of a Warning are for a user to act upon.
const (
	// reasonLeaderChanged is a hand-over that was committed.
	reasonLeaderChanged = "LeaderChanged"
	// reasonNoLeader is a Service that nobody can lead.
	reasonNoLeader = "NoLeader"
	// reasonLastResort is a leader that terminates and keeps the traffic, because nobody else is ready.
	reasonLastResort = "LastResort"

	// reasonInvalidAnnotation is an annotation of a Service or pod that cannot be what its user meant.
	reasonInvalidAnnotation = "InvalidAnnotation"
	// reasonInvalidService is a Service that opted in and cannot have a leader.
	reasonInvalidService = "InvalidService"
	// reasonInvalidTuning is a tuning that is not in force.
	reasonInvalidTuning = "InvalidTuning"
	// reasonUnfitPod is a pod that cannot carry any of its Service's traffic.
	reasonUnfitPod = "UnfitPod"
	// reasonLeaderIncomplete is a leader that can carry only a part of it.
	reasonLeaderIncomplete = "LeaderIncomplete"
	// reasonNoReadinessProbe is a leader that counts as ready although nothing asks whether it answers.
	reasonNoReadinessProbe = "NoReadinessProbe"
	// reasonNoDrainWindow is a leader that stops serving the moment its deletion begins, although its Service asks for a drain window.
	reasonNoDrainWindow = "NoDrainWindow"

	// reasonLeaderServiceTaken is a leader Service's name that something else has.
	reasonLeaderServiceTaken = "LeaderServiceTaken"
	// reasonSliceTaken is an EndpointSlice's name that something else has.
	reasonSliceTaken = "EndpointSliceTaken"
	// reasonForeignSlice is an EndpointSlice that is not Tanist's and still sends the leader Service's traffic somewhere.
	reasonForeignSlice = "ForeignEndpointSlice"
)

// Actions of Events: what Tanist was doing.
const (
	actionElect  = "Elect"
	actionMirror = "MirrorService"
	actionRead   = "ReadConfiguration"
)
