/** Tags and keys as they are shown; requests keep the spelling that models know. */

import type { Language } from "./language";

const KEY = /^([a-g])( flat| sharp)? (major|minor)$/i;
const BPM = /^(\d+) ?bpm$/i;

export function tagLabel(tag: string, language: Language): string {
  const [, note, sign = "", mode] = KEY.exec(tag) ?? [];
  if (note && mode) {
    const tonic = note.toUpperCase() + ({ " flat": "♭", " sharp": "♯" }[sign.toLowerCase()] ?? "");
    return `${tonic} ${language === "zh" ? (mode.toLowerCase() === "major" ? "大调" : "小调") : mode.toLowerCase()}`;
  }
  if (language === "en") return tag;
  const bpm = BPM.exec(tag)?.[1];
  return bpm ? `${bpm} BPM` : (ZH.get(tag.toLowerCase()) ?? tag);
}

const ZH = new Map(
  `pop=流行;rock=摇滚;folk=民谣;jazz=爵士;electronic=电子;hip hop=嘻哈;reggae=雷鬼;ballad=抒情曲;lo-fi=低保真;cinematic=电影感;guitar rock=吉他摇滚;acoustic folk=原声民谣;swing=摇摆;dance=舞曲;edm=电子舞曲;roots reggae=根源雷鬼;piano ballad=钢琴抒情曲;chillhop=弛放嘻哈;lo-fi hip hop=低保真嘻哈;orchestral=管弦乐;film score=电影配乐;ambient=氛围;blues=布鲁斯;bossa nova=波萨诺瓦;chanson=香颂;children's song=儿歌;city pop=城市流行;classical=古典;country=乡村;deep house=深度浩室;disco=迪斯科;drum and bass=鼓打贝斯;dream pop=梦幻流行;dubstep=回响贝斯;funk=放克;gospel=福音;hard rock=硬摇滚;house=浩室;indie pop=独立流行;indie rock=独立摇滚;j-pop=日本流行;k-pop=韩国流行;latin=拉丁;mandopop=华语流行;metal=金属;musical=音乐剧;new age=新世纪;opera=歌剧;post-rock=后摇;power ballad=力量抒情曲;psychedelic rock=迷幻摇滚;punk=朋克;r&b=节奏布鲁斯;salsa=萨尔萨;shoegaze=盯鞋;singer-songwriter=创作歌手;ska=斯卡;soul=灵魂乐;synthwave=合成器浪潮;tango=探戈;techno=铁克诺;trance=出神;trap=陷阱;trip hop=神游舞曲;waltz=圆舞曲;world=世界音乐;female vocals=女声;male vocals=男声;instrumental=纯音乐;piano=钢琴;electric piano=电钢琴;acoustic guitar=木吉他;electric guitar=电吉他;distorted guitar=失真吉他;clean guitar=清音吉他;muted guitar=闷音吉他;overdriven guitar=过载吉他;nylon guitar=尼龙弦吉他;bass=贝斯;double bass=低音提琴;slap bass=拍弦贝斯;synth bass=合成贝斯;strings=弦乐;synth strings=合成弦乐;french horn=圆号;saxophone=萨克斯;flute=长笛;synth lead=合成主音;square lead=方波主音;synth pad=合成铺底;clavinet=击弦古钢琴;choir=合唱;duet=对唱;rap=说唱;whispered vocals=耳语;falsetto=假声;harmonies=和声;accordion=手风琴;bagpipes=风笛;banjo=班卓琴;brass=铜管;cello=大提琴;clarinet=单簧管;drums=鼓;erhu=二胡;fiddle=民间提琴;guzheng=古筝;harmonica=口琴;harp=竖琴;koto=日本筝;mandolin=曼陀林;marimba=马林巴;music box=八音盒;oboe=双簧管;organ=管风琴;percussion=打击乐;pipa=琵琶;sitar=西塔琴;slide guitar=滑棒吉他;synthesizer=合成器;tabla=塔布拉鼓;trombone=长号;trumpet=小号;ukulele=尤克里里;vibraphone=颤音琴;viola=中提琴;violin=小提琴;808 bass=808 贝斯;drum machine=鼓机;happy=快乐;sad=悲伤;warm=温暖;energetic=有活力;relaxed=放松;dreamy=梦幻;dark=阴暗;bright=明亮;uplifting=振奋;melancholic=忧郁;tender=温柔;romantic=浪漫;gentle=轻柔;heroic=英雄气概;majestic=庄严;hopeful=充满希望;epic=史诗;dramatic=戏剧性;mysterious=神秘;euphoric=狂喜;hypnotic=催眠般;cheerful=欢快;peaceful=宁静;wistful=怅惘;haunting=萦绕不去;laid back=悠闲;moody=情绪化;cool=酷;playful=俏皮;smooth=顺滑;smoky=烟嗓感;mellow=醇和;nostalgic=怀旧;longing=思念;sunny=阳光;triumphant=凯旋;powerful=有力;angry=愤怒;driving=推进感;aggressive=激进;anxious=焦虑;bittersweet=苦乐参半;calm=平静;confident=自信;eerie=诡异;emotional=动情;funny=诙谐;groovy=律动;intense=强烈;intimate=亲密;lonely=孤独;meditative=冥想;passionate=热情;rebellious=叛逆;sensual=感性;serene=安详;solemn=肃穆;spiritual=灵性;suspenseful=悬疑;slow=慢速;mid tempo=中速;fast tempo=快速;acapella=无伴奏;acoustic=原声;analog=模拟;anthemic=颂歌式;big room=大房间;catchy=朗朗上口;clean=干净;distorted=失真;four on the floor=四四拍底鼓;fingerpicking=指弹;heavy=厚重;layered vocals=叠唱;live=现场;minimal=极简;modern production=现代制作;off-beat=反拍;reverb=混响;retro=复古;shuffle=曳步节奏;soft=柔和;sparse=稀疏;syncopated=切分;vintage=老式;vinyl crackle=黑胶噪声;wall of sound=音墙;1960s=60 年代;1970s=70 年代;1980s=80 年代;1990s=90 年代;2000s=2000 年代;english=英语;chinese=中文;japanese=日语;spanish=西班牙语;french=法语;german=德语`
    .split(";")
    .map((pair) => pair.split("=") as [string, string]),
);
