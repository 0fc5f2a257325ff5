/** What the service allows, made from openapi.json by `npm run types`. */

export const LIMITS = {"prompt":2000,"tags":50,"lyrics":10000,"chords":500,"duration":[5,600],"takes":[1,16],"best_of":[1,8],"seed":[0,9007199254740991],"model":200,"loras":8,"title":200,"temperature":[0.1,5],"top_k":[1,1024],"superres_temperature":[0.1,5],"superres_top_k":[0,1024],"guidance":[1,10],"section":50,"start":[0,600],"end":[0,600],"candidates":[1,8]} as const;
export const DEFAULT_SECONDS = 60 as const;
export const AUDIO_FORMATS = ["wav","flac","mp3","opus"] as const;
export const LYRIC_FORMATS = ["lrc","elrc","vtt","srt","json"] as const;
export const EVENTS = ["song","ready","queued","started","progress","stage","live","waiting","requeued","done","failed","cancelled","updated","deleted"] as const;
export const SECTION_TAGS = ["intro","verse","pre-chorus","chorus","post-chorus","bridge","inst","solo","outro"] as const;
export const PROBLEMS = ["bad-request","unauthorized","forbidden","not-found","method-not-allowed","conflict","gone","too-large","unsupported-media-type","range","wrong-host","invalid","head-too-large","busy","internal","unavailable"] as const;
export const TROUBLES = ["invalid","model-missing","model-broken","out-of-memory","worker-lost","storage-full","storage-unreachable","database-full","database-unreachable","internal"] as const;
