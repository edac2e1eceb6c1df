-- The demo's song book: well-known karaoke songs in many languages and scripts, one a line: artist, tab, title.
-- Loading it again changes nothing.

select private.book_stage_open('00000000-0000-4000-8000-000000000301');

select staged.processed, staged.errors
from private.book_stage_add(
  '00000000-0000-4000-8000-000000000301',
  (
    select jsonb_agg(
      jsonb_build_object('artist', split_part(song.line, E'\t', 1), 'title', split_part(song.line, E'\t', 2)) order by song.number
    )
    from regexp_split_to_table($songs$
10cc	Dreadlock Holiday
10cc	I'm Not in Love
10cc	The Things We Do for Love
10cm	너에게 닿기를
10cm	봄이 좋냐??
10cm	폰서트
2 Unlimited	No Limit
2NE1	Come Back Home
2NE1	I Don't Care
2NE1	Lonely
2NE1	UGLY
2NE1	내가 제일 잘 나가
2Pac	California Love (feat. Dr. Dre & Roger Troutman)
2Pac	Changes (feat. Talent)
2Pac	Dear Mama
3 Doors Down	Be Like That
3 Doors Down	Here Without You
3 Doors Down	Kryptonite
3 Doors Down	When I'm Gone
30 Seconds to Mars	Closer to the Edge
30 Seconds to Mars	The Kill (Bury Me)
30 Seconds to Mars	Kings and Queens
311	Amber
311	Down
311	Love Song
.38 Special	Caught Up in You
.38 Special	Hold On Loosely
3OH!3	Don't Trust Me
4 Non Blondes	What's Up?
50 Cent	21 Questions (feat. Nate Dogg)
50 Cent	In da Club
69 Boyz	Tootsee Roll
883	Come mai
883	Gli anni
883	Hanno ucciso l'Uomo Ragno
883	Nord sud ovest est
883	Sei un mito
98 Degrees	The Hardest Thing
98 Degrees	I Do (Cherish You)
A Flock of Seagulls	I Ran (So Far Away)
a1	Caught in the Middle
Aaliyah	Are You That Somebody?
Aaliyah	Try Again
ABBA	Angeleyes
ABBA	Chiquitita
ABBA	Dancing Queen
ABBA	Does Your Mother Know
ABBA	Fernando
ABBA	Gimme! Gimme! Gimme! (A Man After Midnight)
ABBA	Honey, Honey
ABBA	I Do, I Do, I Do, I Do, I Do
ABBA	I Have a Dream
ABBA	Knowing Me, Knowing You
ABBA	Lay All Your Love on Me
ABBA	Mamma Mia
ABBA	Money, Money, Money
ABBA	The Name of the Game
ABBA	One of Us
ABBA	Ring Ring
ABBA	Slipping Through My Fingers
ABBA	S.O.S.
ABBA	Super Trouper
ABBA	Take a Chance on Me
ABBA	Thank You for the Music
ABBA	Voulez-Vous
ABBA	Waterloo
ABBA	The Winner Takes It All
AC/DC	Back in Black
AC/DC	Big Balls
AC/DC	Dirty Deeds Done Dirt Cheap
AC/DC	For Those About to Rock (We Salute You)
AC/DC	Hells Bells
AC/DC	Highway to Hell
AC/DC	It's a Long Way to the Top (If You Wanna Rock 'n' Roll)
AC/DC	Let There Be Rock
AC/DC	Thunderstruck
AC/DC	T.N.T.
AC/DC	Whole Lotta Rosie
AC/DC	You Shook Me All Night Long
Ace	How Long
Ace of Base	All That She Wants
Ace of Base	Beautiful Life
Ace of Base	Don't Turn Around
Ace of Base	The Sign
Adam Sandler	The Chanukah Song
Adele	Chasing Pavements
Adele	Easy on Me
Adele	Hello
Adele	Make You Feel My Love
Adele	Rolling in the Deep
Adele	Rumour Has It
Adele	Send My Love (To Your New Lover)
Adele	Set Fire to the Rain
Adele	Skyfall
Adele	Someone Like You
Adele	Turning Tables
Adele	When We Were Young
Ado	うっせぇわ
Ado	唱
Ado	新時代
Ado	踊
Ado	逆光
Ado	阿修羅ちゃん
Adoniran Barbosa	Saudosa maloca
Adoniran Barbosa	Trem das onze
Adriano Celentano	24.000 baci
Adriano Celentano	Azzurro
Adriano Celentano	Il ragazzo della via Gluck
Adriano Celentano	Prisencolinensinainciusol
Adriano Celentano	Soli
Aegis	Basang-Basa sa Ulan
Aegis	Halik
Aegis	Luha
Aerosmith	Crazy
Aerosmith	Cryin'
Aerosmith	Dream On
Aerosmith	Dude (Looks Like a Lady)
Aerosmith	I Don't Want to Miss a Thing
Aerosmith	Jaded
Aerosmith	Janie's Got a Gun
Aerosmith	Love in an Elevator
Aerosmith	Sweet Emotion
Aerosmith	Walk This Way
Afroman	Because I Got High
Afroman	Crazy Rap
a-ha	Crying in the Rain
a-ha	Hunting High and Low
a-ha	The Sun Always Shines on T.V.
a-ha	Take On Me
Aimer	Brave Shine
Aimer	カタオモイ
Aimer	残響散歌
Aimer	蝶々結び
Air Supply	All Out of Love
Air Supply	Lost in Love
Air Supply	Making Love Out of Nothing at All
AKB48	365日の紙飛行機
AKB48	フライングゲット
AKB48	ヘビーローテーション
AKB48	ポニーテールとシュシュ
AKB48	会いたかった
AKB48	恋するフォーチュンクッキー
Akcent	Przez twe oczy zielone
Akon	Lonely
Akon	Smack That (feat. Eminem)
Al Bano & Romina Power	Ci sarà
Al Bano & Romina Power	Felicità
Al Bano & Romina Power	Libertà!
Al Bano & Romina Power	Sharazan
Al Green	Let's Stay Together
Al Green	Love and Happiness
Al Green	Tired of Being Alone
Al Stewart	Year of the Cat
Alabama	Dixieland Delight
Alabama	Mountain Music
Alabama	Song of the South
Alan Jackson	Chattahoochee
Alan Jackson	Don't Rock the Jukebox
Alan Jackson	Gone Country
Alan Jackson	Remember When
Alan Jackson & Jimmy Buffett	It's Five O'Clock Somewhere
Alanis Morissette	Hand in My Pocket
Alanis Morissette	Head Over Feet
Alanis Morissette	Ironic
Alanis Morissette	Thank U
Alanis Morissette	Uninvited
Alanis Morissette	You Learn
Alanis Morissette	You Oughta Know
Alcione	Não deixe o samba morrer
Alcione	Você me vira a cabeça
Alejandro Fernández	Como quien pierde una estrella
Alejandro Fernández	Me dediqué a perderte
Alejandro Fernández	Si tú supieras
Alejandro Sanz	Amiga mía
Alejandro Sanz	Corazón partío
Alejandro Sanz	¿Lo ves?
Alejandro Sanz	Pisando fuerte
Alejandro Sanz	Y, ¿si fuera ella?
Alex Warren	Ordinary
Alexander Rybak	Fairytale
Alice Cooper	No More Mr. Nice Guy
Alice Cooper	Poison
Alice Cooper	School's Out
Alicia Keys	Fallin'
Alicia Keys	Girl on Fire
Alicia Keys	If I Ain't Got You
Alicia Keys	No One
Alien Ant Farm	Smooth Criminal
Alison Krauss & Union Station	When You Say Nothing at All
All Saints	Never Ever
All Saints	Pure Shores
All-4-One	I Can Love You Like That
All-4-One	I Swear
The All-American Rejects	Dirty Little Secret
The All-American Rejects	Gives You Hell
The All-American Rejects	Move Along
The All-American Rejects	Swing, Swing
The Allman Brothers Band	Midnight Rider
The Allman Brothers Band	Ramblin' Man
The Allman Brothers Band	Whipping Post
Alphaville	Big in Japan
Alphaville	Forever Young
Amália Rodrigues	Coimbra
Amália Rodrigues	Estranha forma de vida
Amália Rodrigues	Lágrima
Amália Rodrigues	Uma casa portuguesa
Amaral	Cómo hablar
Amaral	El universo sobre mí
Amaral	Sin ti no soy nada
Ambrosia	Biggest Part of Me
Ambrosia	How Much I Feel
America	A Horse with No Name
America	Sister Golden Hair
America	Ventura Highway
American Authors	Best Day of My Life
Amr Diab	تملي معاك
Amr Diab	نور العين (Habibi Ya Nour El Ain)
Amy Winehouse	Back to Black
Amy Winehouse	Rehab
Amy Winehouse	Tears Dry on Their Own
Amy Winehouse	Valerie
Amy Winehouse	You Know I'm No Good
Ana Gabriel	Ay, amor
Ana Gabriel	Evidencias
Ana Gabriel	Luna
Ana Gabriel	¿Quién como tú?
Ana Gabriel	Simplemente amigos
? & The Mysterians	96 Tears
André Hazes	Bloed, zweet en tranen
André Hazes	Een beetje verliefd
André Hazes	Kleine jongen
André Hazes	Zij gelooft in mij
Andrea Berg	Die Gefühle haben Schweigepflicht
Andrea Berg	Du hast mich tausendmal belogen
Andrea Bocelli	Con te partirò
Andrea Bocelli	Romanza
Andrea Bocelli	Vivo per lei (feat. Giorgia)
Andrea Bocelli & Sarah Brightman	Time to Say Goodbye (Con te partirò)
Andreas Bourani	Auf anderen Wegen
Andreas Bourani	Auf uns
Andreas Gabalier	Hulapalu
Andreas Gabalier	I sing a Liad für di
Andrés Calamaro	Estadio Azteca
Andrés Calamaro	Flaca
Andrés Calamaro	Paloma
Andrés Calamaro	Te quiero igual
The Andrews Sisters	Boogie Woogie Bugle Boy
The Andrews Sisters	Rum and Coca-Cola
Andy Williams	Can't Take My Eyes Off You
Andy Williams	It's the Most Wonderful Time of the Year
Andy Williams	Moon River
Andy Williams	Music to Watch Girls By
Angèle	Balance ton quoi
Angèle	Tout oublier (feat. Roméo Elvis)
The Animals	The House of the Rising Sun
The Animals	We Gotta Get Out of This Place
Anita Ward	Ring My Bell
Anitta	Envolver
Anitta	Show das poderosas
Anitta	Vai malandra (feat. Mc Zaac, Maejor, Tropkillaz & DJ Yuri Martins)
Ann Peebles	I Can't Stand the Rain
Annalisa	Bellissima
Annalisa	Mon amour
Annalisa	Sinceramente
Anne Hathaway	I Dreamed a Dream
Annie Lennox	No More "I Love You's"
Annie Lennox	Walking on Broken Glass
Annie Lennox	Why
António Variações	Canção de engate
António Variações	O corpo é que paga
April Wine	Just Between You and Me
Aqua	Barbie Girl
Aqua	Doctor Jones
Aqua	Turn Back Time
A.R. Rahman, Sukhvinder Singh, Tanvi Shah, Mahalaxmi Iyer & Vijay Prakash	Jai Ho
Arcade Fire	Rebellion (Lies)
Arcade Fire	Wake Up
The Archies	Sugar, Sugar
Arctic Monkeys	505
Arctic Monkeys	Do I Wanna Know?
Arctic Monkeys	I Bet You Look Good on the Dancefloor
Arctic Monkeys	Mardy Bum
Aretha Franklin	Chain of Fools
Aretha Franklin	I Say a Little Prayer
Aretha Franklin	Respect
Aretha Franklin	Think
Aretha Franklin	(You Make Me Feel Like) A Natural Woman
Aretha Franklin & George Michael	I Knew You Were Waiting (For Me)
Argent	Hold Your Head Up
Ariana Grande	7 rings
Ariana Grande	Dangerous Woman
Ariana Grande	God Is a Woman
Ariana Grande	Into You
Ariana Grande	no tears left to cry
Ariana Grande	Problem (feat. Iggy Azalea)
Ariana Grande	thank u, next
Arijit Singh	चन्ना मेरेया
Arijit Singh	तुम ही हो
Armando Manzanero	Adoro
Armando Manzanero	Contigo aprendí
Armando Manzanero	Esta tarde vi llover
Armando Manzanero	Somos novios
Art of Noise feat. Tom Jones	Kiss
Ash	Girl from Mars
Ashanti	Foolish
ASIAN KUNG-FU GENERATION	ソラニン
ASIAN KUNG-FU GENERATION	リライト
ASIAN KUNG-FU GENERATION	君という花
ASIAN KUNG-FU GENERATION	遥か彼方
ATC	Around the World (La La La La La)
Atomic Kitten	Eternal Flame
Atomic Kitten	Whole Again
Auliʻi Cravalho	How Far I'll Go
Aventura	Mi corazoncito
Aventura	Obsesión
Aventura	Un beso
Avicii	Hey Brother
Avicii	Levels
Avicii	Wake Me Up
Avril Lavigne	Complicated
Avril Lavigne	Girlfriend
Avril Lavigne	I'm with You
Avril Lavigne	My Happy Ending
Avril Lavigne	Sk8er Boi
Aya Nakamura	Djadja
Aya Nakamura	Pookie
Azra	A šta da radim
Azra	Balkan
Azra	Gracija
The B-52's	Love Shack
The B-52's	Roam
The B-52's	Rock Lobster
Babyshambles	Fuck Forever
Bachman-Turner Overdrive	Takin' Care of Business
Bachman-Turner Overdrive	You Ain't Seen Nothing Yet
back number	クリスマスソング
back number	ハッピーエンド
back number	ヒロイン
back number	水平線
back number	高嶺の花子さん
Backstreet Boys	As Long as You Love Me
Backstreet Boys	Everybody (Backstreet's Back)
Backstreet Boys	I Want It That Way
Backstreet Boys	Larger Than Life
Backstreet Boys	Quit Playing Games (With My Heart)
Backstreet Boys	Shape of My Heart
Backstreet Boys	Show Me the Meaning of Being Lonely
Bad Bunny	DÁKITI (feat. Jhay Cortez)
Bad Bunny	DtMF
Bad Bunny	Me porto bonito (feat. Chencho Corleone)
Bad Bunny	Tití me preguntó
Bad Bunny	Yonaguni
Bad Company	Can't Get Enough
Bad Company	Feel Like Makin' Love
Baha Men	Who Let the Dogs Out
Bajm	Biała armia
Bajm	Co mi panie dasz
Bajm	Józek, nie daruję ci tej nocy
Baltimora	Tarzan Boy
Bananarama	Cruel Summer
Bananarama	Love in the First Degree
Bananarama	Robert De Niro's Waiting...
Bananarama	Venus
Band Aid	Do They Know It's Christmas?
Banda MS	El mechón
Banda MS	Hermosa experiencia
Banda MS	Mi razón de ser
The Bangles	Eternal Flame
The Bangles	Hazy Shade of Winter
The Bangles	Manic Monday
The Bangles	Walk Like an Egyptian
Barão Vermelho	Bete Balanço
Barão Vermelho	Por você
Barão Vermelho	Pro dia nascer feliz
Barbra Streisand	Don't Rain on My Parade
Barbra Streisand	Evergreen
Barbra Streisand	Memory
Barbra Streisand	People
Barbra Streisand	The Way We Were
Barbra Streisand	Woman in Love
Barenaked Ladies	If I Had $1000000
Barenaked Ladies	The Old Apartment
Barenaked Ladies	One Week
Barry Manilow	Can't Smile Without You
Barry Manilow	Copacabana (At the Copa)
Barry Manilow	I Write the Songs
Barry Manilow	Mandy
Barry McGuire	Eve of Destruction
Barry White	Can't Get Enough of Your Love, Babe
Barry White	You're the First, the Last, My Everything
Barış Manço	Arkadaşım Eşek
Barış Manço	Dağlar Dağlar
Barış Manço	Gülpembe
Bastille	Pompeii
Bay City Rollers	Bye Bye Baby
Bay City Rollers	Saturday Night
Bay City Rollers	Shang-a-Lang
BBMak	Back Here
The Beach Boys	Barbara Ann
The Beach Boys	California Girls
The Beach Boys	Don't Worry Baby
The Beach Boys	God Only Knows
The Beach Boys	Good Vibrations
The Beach Boys	Help Me, Rhonda
The Beach Boys	I Get Around
The Beach Boys	Kokomo
The Beach Boys	Sloop John B
The Beach Boys	Surfin' U.S.A.
The Beach Boys	Wouldn't It Be Nice
Beastie Boys	Intergalactic
Beastie Boys	No Sleep till Brooklyn
Beastie Boys	Sabotage
Beastie Boys	(You Gotta) Fight for Your Right (To Party!)
The Beatles	A Hard Day's Night
The Beatles	All You Need Is Love
The Beatles	Back in the U.S.S.R.
The Beatles	Blackbird
The Beatles	Can't Buy Me Love
The Beatles	Come Together
The Beatles	Day Tripper
The Beatles	Don't Let Me Down
The Beatles	Drive My Car
The Beatles	Eight Days a Week
The Beatles	Eleanor Rigby
The Beatles	Get Back
The Beatles	Help!
The Beatles	Here Comes the Sun
The Beatles	Hey Jude
The Beatles	I Saw Her Standing There
The Beatles	I Want to Hold Your Hand
The Beatles	In My Life
The Beatles	Let It Be
The Beatles	The Long and Winding Road
The Beatles	Lucy in the Sky with Diamonds
The Beatles	Michelle
The Beatles	Norwegian Wood (This Bird Has Flown)
The Beatles	Ob-La-Di, Ob-La-Da
The Beatles	Oh! Darling
The Beatles	Penny Lane
The Beatles	Revolution
The Beatles	She Loves You
The Beatles	Something
The Beatles	Ticket to Ride
The Beatles	Twist and Shout
The Beatles	When I'm Sixty-Four
The Beatles	While My Guitar Gently Weeps
The Beatles	With a Little Help from My Friends
The Beatles	Yellow Submarine
The Beatles	Yesterday
Beau Dommage	Ginette
Beau Dommage	La complainte du phoque en Alaska
The Beautiful South	A Little Time
The Beautiful South	Don't Marry Her
The Beautiful South	Perfect 10
The Beautiful South	Rotterdam (Or Anywhere)
Bee Gees	How Deep Is Your Love
Bee Gees	Jive Talkin'
Bee Gees	Massachusetts
Bee Gees	More Than a Woman
Bee Gees	Night Fever
Bee Gees	Stayin' Alive
Bee Gees	To Love Somebody
Bee Gees	Tragedy
Bee Gees	Words
Bee Gees	You Should Be Dancing
BEGIN	三線の花
BEGIN	島人ぬ宝
BEGIN	恋しくて
Belinda	Bella traición
Belinda	En el amor hay que perdonar
Belinda	Luz sin gravedad
Ben&Ben	Kathang Isip
Ben&Ben	Leaves
Ben E. King	Stand by Me
Benson Boone	Beautiful Things
Benson Boone	Slow It Down
Berlin	The Metro
Berlin	Take My Breath Away
Beth Carvalho	Coisinha do pai
Beth Carvalho	Vou festejar
Bette Midler	From a Distance
Bette Midler	The Rose
Bette Midler	Wind Beneath My Wings
Better Than Ezra	Good
Beyoncé	Crazy in Love (feat. Jay-Z)
Beyoncé	Déjà Vu (feat. Jay-Z)
Beyoncé	Formation
Beyoncé	Halo
Beyoncé	If I Were a Boy
Beyoncé	Irreplaceable
Beyoncé	Listen
Beyoncé	Love on Top
Beyoncé	Run the World (Girls)
Beyoncé	Single Ladies (Put a Ring on It)
Beyoncé	Sweet Dreams
Beyoncé	Texas Hold 'Em
Beyoncé & Shakira	Beautiful Liar
Beyond	不再猶豫
Beyond	光輝歲月
Beyond	喜歡你
Beyond	大地
Beyond	情人
Beyond	海闊天空
Beyond	真的愛你
Big & Rich	Save a Horse (Ride a Cowboy)
Bijelo dugme	Ako ima Boga
Bijelo dugme	Bitanga i princeza
Bijelo dugme	Lipe cvatu
Bijelo dugme	Đurđevdan
Bill Haley	Shake, Rattle and Roll
Bill Haley & His Comets	Rock Around the Clock
Bill Haley & His Comets	See You Later, Alligator
Bill Medley & Jennifer Warnes	(I've Had) The Time of My Life
Bill Withers	Ain't No Sunshine
Bill Withers	Just the Two of Us
Bill Withers	Lean on Me
Bill Withers	Lovely Day
Billie Eilish	bad guy
Billie Eilish	BIRDS OF A FEATHER
Billie Eilish	everything i wanted
Billie Eilish	Happier Than Ever
Billie Eilish	ocean eyes
Billie Eilish	What Was I Made For?
Billie Eilish	when the party's over
Billie Holiday	Gloomy Sunday
Billie Holiday	God Bless the Child
Billie Holiday	Strange Fruit
Billy Idol	Dancing with Myself
Billy Idol	Eyes Without a Face
Billy Idol	Mony Mony
Billy Idol	Rebel Yell
Billy Idol	White Wedding
Billy Joel	It's Still Rock and Roll to Me
Billy Joel	Just the Way You Are
Billy Joel	The Longest Time
Billy Joel	Movin' Out (Anthony's Song)
Billy Joel	My Life
Billy Joel	New York State of Mind
Billy Joel	Only the Good Die Young
Billy Joel	Piano Man
Billy Joel	Scenes from an Italian Restaurant
Billy Joel	She's Always a Woman
Billy Joel	Tell Her About It
Billy Joel	Uptown Girl
Billy Joel	Vienna
Billy Joel	We Didn't Start the Fire
Billy Joel	You May Be Right
Billy Ray Cyrus	Achy Breaky Heart
Bing Crosby	Don't Fence Me In
Bing Crosby	White Christmas
Bird Thongchai	สบาย สบาย
Biz Markie	Just a Friend
Bizarrap & Quevedo	Quevedo: Bzrp Music Sessions, Vol. 52
Bizarrap & Shakira	Shakira: Bzrp Music Sessions, Vol. 53
B.J. Thomas	Hooked on a Feeling
B.J. Thomas	Raindrops Keep Fallin' on My Head
Björk	Army of Me
Björk	Bachelorette
Björk	Hyperballad
Björk	It's Oh So Quiet
Björk	Jóga
Black Box	Everybody Everybody
Black Box	Ride on Time
The Black Eyed Peas	Boom Boom Pow
The Black Eyed Peas	I Gotta Feeling
The Black Eyed Peas	My Humps
The Black Eyed Peas	Pump It
The Black Eyed Peas	Where Is the Love?
Bläck Fööss	Drink doch ene met
Black Sabbath	Changes
Black Sabbath	Iron Man
Black Sabbath	Paranoid
Black Sabbath	War Pigs
Blackstreet feat. Dr. Dre & Queen Pen	No Diggity
Blake Shelton	Austin
Blake Shelton	God's Country
Blake Shelton	Honey Bee
Blake Shelton	Ol' Red
Blind Melon	No Rain
blink-182	All the Small Things
blink-182	First Date
blink-182	I Miss You
blink-182	The Rock Show
blink-182	What's My Age Again?
Bloc Party	Banquet
Blondie	Call Me
Blondie	Hanging on the Telephone
Blondie	Heart of Glass
Blondie	Maria
Blondie	One Way or Another
Blondie	Rapture
Blondie	The Tide Is High
Bloodhound Gang	The Bad Touch
Bloodhound Gang	Fire Water Burn
THE BLUE HEARTS	TRAIN-TRAIN
THE BLUE HEARTS	リンダリンダ
THE BLUE HEARTS	人にやさしく
THE BLUE HEARTS	情熱の薔薇
THE BLUE HEARTS	青空
Blue Öyster Cult	Burnin' for You
Blue Öyster Cult	(Don't Fear) The Reaper
Blue Öyster Cult	Godzilla
Blue Swede	Hooked on a Feeling
Blur	Coffee & TV
Blur	Country House
Blur	Girls & Boys
Blur	Parklife
Blur	Song 2
BLØF	Aan de kust
BLØF	Liefs uit Londen
BLØF	Zoutelande (feat. Geike Arnaert)
Bob Dylan	Blowin' in the Wind
Bob Dylan	Don't Think Twice, It's All Right
Bob Dylan	Knockin' on Heaven's Door
Bob Dylan	Lay Lady Lay
Bob Dylan	Like a Rolling Stone
Bob Dylan	Mr. Tambourine Man
Bob Dylan	The Times They Are a-Changin'
Bob Marley & The Wailers	Buffalo Soldier
Bob Marley & The Wailers	Could You Be Loved
Bob Marley & The Wailers	Get Up, Stand Up
Bob Marley & The Wailers	I Shot the Sheriff
Bob Marley & The Wailers	Is This Love
Bob Marley & The Wailers	Jamming
Bob Marley & The Wailers	No Woman, No Cry
Bob Marley & The Wailers	One Love / People Get Ready
Bob Marley & The Wailers	Redemption Song
Bob Marley & The Wailers	Three Little Birds
Bob Seger	Against the Wind
Bob Seger	Night Moves
Bob Seger	Old Time Rock and Roll
Bob Seger	Turn the Page
Bobbie Gentry	Ode to Billie Joe
Bobby Darin	Beyond the Sea
Bobby Darin	Dream Lover
Bobby Darin	Mack the Knife
Bobby Darin	Splish Splash
Bobby Goldsboro	Honey
Bobby Helms	Jingle Bell Rock
Bobby Helms	My Special Angel
Bobby McFerrin	Don't Worry, Be Happy
Bobby Vee	Rubber Ball
Bobby Vee	Take Good Care of My Baby
Bobby Vinton	Blue Velvet
Bobby Vinton	Mr. Lonely
Bobby Womack	Across 110th Street
Bobbysocks	La det swinge
Bomba Estéreo	Soy yo
Bomba Estéreo	To My Love
Bon Jovi	Always
Bon Jovi	Bad Medicine
Bon Jovi	Bed of Roses
Bon Jovi	Have a Nice Day
Bon Jovi	I'll Be There for You
Bon Jovi	It's My Life
Bon Jovi	Keep the Faith
Bon Jovi	Livin' on a Prayer
Bon Jovi	Runaway
Bon Jovi	Wanted Dead or Alive
Bon Jovi	You Give Love a Bad Name
Boney M.	Brown Girl in the Ring
Boney M.	Daddy Cool
Boney M.	Ma Baker
Boney M.	Rasputin
Boney M.	Rivers of Babylon
Boney M.	Sunny
Bonnie Raitt	Angel from Montgomery
Bonnie Raitt	I Can't Make You Love Me
Bonnie Raitt	Something to Talk About
Bonnie Tyler	Holding Out for a Hero
Bonnie Tyler	It's a Heartache
Bonnie Tyler	Lost in France
Bonnie Tyler	Total Eclipse of the Heart
THE BOOM	島唄
THE BOOM	風になりたい
Boston	Don't Look Back
Boston	More Than a Feeling
Boston	Peace of Mind
Boudewijn de Groot	Avond
Boudewijn de Groot	Het land van Maas en Waal
Bowling for Soup	1985
Bowling for Soup	Girl All the Bad Guys Want
Boyz II Men	End of the Road
Boyz II Men	I'll Make Love to You
Boyz II Men	On Bended Knee
Boyzone	Love Me for a Reason
Boyzone	No Matter What
Boyzone	Words
Boz Scaggs	Lido Shuffle
Boz Scaggs	Lowdown
Brad Kane & Lea Salonga	A Whole New World
Brad Paisley	Alcohol
Brad Paisley	Mud on the Tires
Brad Paisley	Ticks
Brad Paisley	Whiskey Lullaby (feat. Alison Krauss)
Brandy	Have You Ever?
Brandy & Monica	The Boy Is Mine
Bread	Everything I Own
Bread	If
Bread	Make It with You
Brenda Lee	I'm Sorry
Brenda Lee	Rockin' Around the Christmas Tree
Brenda Lee	Sweet Nothin's
Britney Spears	...Baby One More Time
Britney Spears	Circus
Britney Spears	Everytime
Britney Spears	Gimme More
Britney Spears	I'm a Slave 4 U
Britney Spears	Lucky
Britney Spears	Oops!... I Did It Again
Britney Spears	Sometimes
Britney Spears	Stronger
Britney Spears	Toxic
Britney Spears	Womanizer
Britney Spears	(You Drive Me) Crazy
Bronski Beat	Smalltown Boy
Brooks & Dunn	Boot Scootin' Boogie
Brooks & Dunn	Brand New Man
Brooks & Dunn	My Maria
Brooks & Dunn	Neon Moon
Brotherhood of Man	Save Your Kisses for Me
Bruce Springsteen	Born in the U.S.A.
Bruce Springsteen	Born to Run
Bruce Springsteen	Dancing in the Dark
Bruce Springsteen	Glory Days
Bruce Springsteen	Hungry Heart
Bruce Springsteen	I'm on Fire
Bruce Springsteen	The River
Bruce Springsteen	Rosalita (Come Out Tonight)
Bruce Springsteen	Streets of Philadelphia
Bruce Springsteen	Thunder Road
Bruno & Marrone	Boate azul
Bruno & Marrone	Dormi na praça
Bruno Mars	24K Magic
Bruno Mars	Grenade
Bruno Mars	Just the Way You Are
Bruno Mars	The Lazy Song
Bruno Mars	Locked Out of Heaven
Bruno Mars	Marry You
Bruno Mars	That's What I Like
Bruno Mars	Treasure
Bruno Mars	When I Was Your Man
Bryan Adams	Cuts Like a Knife
Bryan Adams	(Everything I Do) I Do It for You
Bryan Adams	Heaven
Bryan Adams	Please Forgive Me
Bryan Adams	Run to You
Bryan Adams	Summer of '69
Bryan Ferry	Slave to Love
BTS	Butter
BTS	Dynamite
BTS	Permission to Dance
Buck Owens	Act Naturally
Buck Owens	I've Got a Tiger by the Tail
Buck Owens	Together Again
Bucks Fizz	The Land of Make Believe
Bucks Fizz	Making Your Mind Up
Buddy Holly	Everyday
Buddy Holly	Not Fade Away
Buddy Holly	Oh Boy!
Buddy Holly	That'll Be the Day
Buddy Holly & The Crickets	Peggy Sue
Budka Suflera	Bal wszystkich świętych
Budka Suflera	Jolka, Jolka pamiętasz
Budka Suflera	Takie tango
Buena Vista Social Club	Candela
Buena Vista Social Club	Chan Chan
Buena Vista Social Club	Dos gardenias
Buena Vista Social Club	El cuarto de Tula
Buffalo Springfield	For What It's Worth (Stop, Hey What's That Sound)
The Buggles	Video Killed the Radio Star
BUMP OF CHICKEN	K
BUMP OF CHICKEN	カルマ
BUMP OF CHICKEN	天体観測
BUMP OF CHICKEN	車輪の唄
Burl Ives	A Holly Jolly Christmas
Burna Boy	Last Last
Burna Boy	Ye
Bush	Glycerine
Bush	Machinehead
Buzzcocks	Ever Fallen in Love (With Someone You Shouldn't've)
B*Witched	C'est la vie
B*Witched	Rollercoaster
The Byrds	Mr. Tambourine Man
The Byrds	Turn! Turn! Turn! (To Everything There Is a Season)
B'z	LOVE PHANTOM
B'z	ultra soul
B'z	いつかのメリークリスマス
B'z	裸足の女神
C. Tangana	Demasiadas mujeres
C. Tangana	Tú me dejaste de querer (feat. Niño de Elche & La Húngara)
Cab Calloway	Minnie the Moocher
Caetano Veloso	Alegria, alegria
Caetano Veloso	Leãozinho
Caetano Veloso	Sozinho
Caetano Veloso	Você é linda
Café Tacvba	Eres
Café Tacvba	Ingrata
Café Tacvba	Las flores
Café Tacvba	Quiero ver
Caifanes	Afuera
Caifanes	La célula que explota
Caifanes	La negra Tomasa
Caifanes	Viento
Calle 13	Atrévete-te-te
Calle 13	Latinoamérica
Calle 13	No hay nadie como tú (feat. Café Tacvba)
The Calling	Wherever You Will Go
Calvin Harris & Dua Lipa	One Kiss
Camarón de la Isla	Como el agua
Camarón de la Isla	Soy gitano
Camarón de la Isla	Volando voy
Camila	Aléjate de mí
Camila	Coleccionista de canciones
Camila	Mientes
Camila	Todo cambió
Camila Cabello feat. Young Thug	Havana
Camilo Sesto	Algo de mí
Camilo Sesto	Melina
Camilo Sesto	Perdóname
Camilo Sesto	¿Quieres ser mi amante?
Camilo Sesto	Vivir así es morir de amor
Candi Staton	You Got the Love
Candi Staton	Young Hearts Run Free
Candlebox	Far Behind
Capital Inicial	À sua maneira
Capital Inicial	Fátima
Capital Inicial	Natasha
Capital Inicial	Primeiros erros (Chove)
Carabao	Made in Thailand
Carabao	บัวลอย
Cardi B	Bodak Yellow
Cardi B	I Like It (feat. Bad Bunny & J Balvin)
Carl Douglas	Kung Fu Fighting
Carl Perkins	Blue Suede Shoes
Carlos Gardel	El día que me quieras
Carlos Gardel	Mi Buenos Aires querido
Carlos Gardel	Por una cabeza
Carlos Gardel	Volver
Carlos Vives	La bicicleta (feat. Shakira)
Carlos Vives	La gota fría
Carlos Vives	La tierra del olvido
Carly Pearce & Lee Brice	I Hope You're Happy Now
Carly Rae Jepsen	Call Me Maybe
Carly Rae Jepsen	I Really Like You
Carly Rae Jepsen	Run Away with Me
Carly Simon	Coming Around Again
Carly Simon	Nobody Does It Better
Carly Simon	You're So Vain
Carola	Fångad av en stormvind
Carola	Främling
Carole King	I Feel the Earth Move
Carole King	It's Too Late
Carole King	So Far Away
Carole King	Where You Lead
Carolina Gaitán, Mauro Castillo, Adassa, Rhenzy Feliz, Diane Guerrero, Stephanie Beatriz & Encanto Cast	We Don't Talk About Bruno
Carpenters	Goodbye to Love
Carpenters	Please Mr. Postman
Carpenters	Rainy Days and Mondays
Carpenters	Superstar
Carpenters	(They Long to Be) Close to You
Carpenters	Top of the World
Carpenters	We've Only Just Begun
Carpenters	Yesterday Once More
Carrie Underwood	Before He Cheats
Carrie Underwood	Blown Away
Carrie Underwood	Cowboy Casanova
Carrie Underwood	Jesus, Take the Wheel
The Cars	Drive
The Cars	Just What I Needed
The Cars	My Best Friend's Girl
The Cars	You Might Think
Cast of Rent	Seasons of Love
Cat Stevens	Father and Son
Cat Stevens	Moonshadow
Cat Stevens	Morning Has Broken
Cat Stevens	Peace Train
Cat Stevens	Wild World
Catatonia	Mulder and Scully
Catatonia	Road Rage
Caterina Caselli	Insieme a te non ci sto più
Caterina Caselli	Nessuno mi può giudicare
Caterina Valente	Ganz Paris träumt von der Liebe
Cazuza	Brasil
Cazuza	Codinome Beija-Flor
Cazuza	Exagerado
Cazuza	O tempo não pára
C.C. Catch	Cause You Are Young
C+C Music Factory	Gonna Make You Sweat (Everybody Dance Now)
Ceca	Beograd
Ceca	Kukavica
CeCe Peniston	Finally
Celia Cruz	La negra tiene tumbao
Celia Cruz	La vida es un carnaval
Celia Cruz	Quimbara (feat. Johnny Pacheco)
Céline Dion	A New Day Has Come
Céline Dion	All by Myself
Céline Dion	Because You Loved Me
Céline Dion	I'm Alive
Céline Dion	It's All Coming Back to Me Now
Céline Dion	My Heart Will Go On
Céline Dion	Pour que tu m'aimes encore
Céline Dion	The Power of Love
Céline Dion	S'il suffisait d'aimer
Céline Dion	That's the Way It Is
Céline Dion	Think Twice
Céline Dion & Peabo Bryson	Beauty and the Beast
Cesária Évora	Petit pays
Cesária Évora	Sodade
Chaka Khan	Ain't Nobody
Chaka Khan	I Feel for You
Chaka Khan	I'm Every Woman
Chamillionaire feat. Krayzie Bone	Ridin'
The Champs	Tequila
Chappell Roan	Good Luck, Babe!
Chappell Roan	HOT TO GO!
Chappell Roan	Pink Pony Club
Chappell Roan	Red Wine Supernova
The Charlatans	The Only One I Know
Charles Aznavour	Comme ils disent
Charles Aznavour	Emmenez-moi
Charles Aznavour	For me, formidable
Charles Aznavour	Hier encore
Charles Aznavour	La bohème
Charles Aznavour	She
Charley Pride	Is Anybody Goin' to San Antone
Charley Pride	Kiss an Angel Good Mornin'
Charlie Brown Jr.	Céu azul
Charlie Brown Jr.	Lugar ao sol
Charlie Brown Jr.	Proibida pra mim
Charlie Brown Jr.	Só os loucos sabem
Charlie Brown Jr.	Zóio de lula
Charlie Daniels Band	The Devil Went Down to Georgia
Charlie Rich	Behind Closed Doors
Charlie Rich	The Most Beautiful Girl
Charly García	Demoliendo hoteles
Charly García	Los dinosaurios
Charly García	No voy en tren
Chas & Dave	Rabbit
Chas & Dave	Snooker Loopy (feat. The Matchroom Mob)
Chayanne	Dejaría todo
Chayanne	Torero
Chayanne	Un siglo sin ti
Chayanne	Y tú te vas
Cheap Trick	The Flame
Cheap Trick	I Want You to Want Me
Cheap Trick	Surrender
Cheb Khaled	Aïcha
Cheb Khaled	C'est la vie
Cheb Khaled	Didi
Cher	Bang Bang (My Baby Shot Me Down)
Cher	Believe
Cher	Dark Lady
Cher	Gypsys, Tramps & Thieves
Cher	If I Could Turn Back Time
Cher	The Shoop Shoop Song (It's in His Kiss)
Cher	Strong Enough
Cheryl Lynn	Got to Be Real
Chesney Hawkes	The One and Only
Chic	Everybody Dance
Chic	Good Times
Chic	Le Freak
Chicago	25 or 6 to 4
Chicago	Hard to Say I'm Sorry
Chicago	If You Leave Me Now
Chicago	Saturday in the Park
Chicago	You're the Inspiration
The Chicks	Cowboy Take Me Away
The Chicks	Goodbye Earl
The Chicks	Landslide
The Chicks	Not Ready to Make Nice
The Chicks	Wide Open Spaces
Chico Buarque	A banda
Chico Buarque	Apesar de você
Chico Buarque	Construção
Chico Buarque	O que será (À flor da pele)
The Chiffons	He's So Fine
The Chiffons	One Fine Day
Chinaski	Klára
Chinaski	Víno
Chitãozinho & Xororó	Evidências
Chitãozinho & Xororó	Fio de cabelo
Chitãozinho & Xororó	Galopeira
Chris Isaak	Baby Did a Bad Bad Thing
Chris Isaak	Wicked Game
Chris Rea	Driving Home for Christmas
Chris Rea	On the Beach
Chris Rea	The Road to Hell, Pt. 2
Chris Stapleton	Broken Halos
Chris Stapleton	Parachute
Chris Stapleton	Tennessee Whiskey
Chris Stapleton	You Should Probably Leave
Christian Nodal	Adiós amor
Christian Nodal	Botella tras botella (feat. Gera MX)
Christian Nodal	De los besos que te di
Christina Aguilera	Ain't No Other Man
Christina Aguilera	Beautiful
Christina Aguilera	Dirrty
Christina Aguilera	Fighter
Christina Aguilera	Genie in a Bottle
Christina Aguilera	Hurt
Christina Aguilera	What a Girl Wants
Christina Aguilera, Lil' Kim, Mýa & P!nk	Lady Marmalade
Christopher Cross	Arthur's Theme (Best That You Can Do)
Christopher Cross	Ride Like the Wind
Christopher Cross	Sailing
Christy Moore	Lisdoonvarna
Christy Moore	Ride On
Chubby Checker	Let's Twist Again
Chubby Checker	The Twist
Chuck Berry	Johnny B. Goode
Chuck Berry	Maybellene
Chuck Berry	No Particular Place to Go
Chuck Berry	Roll Over Beethoven
Chuck Berry	Sweet Little Sixteen
Chuck Berry	You Never Can Tell
Chumbawamba	Tubthumping
Ciara	1, 2 Step (feat. Missy Elliott)
Ciara	Goodies (feat. Petey Pablo)
Cilla Black	Anyone Who Had a Heart
Cilla Black	You're My World
Cinderella	Don't Know What You Got (Till It's Gone)
Cinderella	Nobody's Fool
CKay	Love Nwantiti (Ah Ah Ah)
The Clash	London Calling
The Clash	Rock the Casbah
The Clash	Should I Stay or Should I Go
The Clash	Train in Vain
Claude François	Alexandrie Alexandra
Claude François	Cette année-là
Claude François	Comme d'habitude
Claude François	Le lundi au soleil
Claude François	Magnolias for Ever
Claudio Baglioni	E tu
Claudio Baglioni	Questo piccolo grande amore
Claudio Baglioni	Strada facendo
Clean Bandit feat. Jess Glynne	Rather Be
Cliff Richard	Congratulations
Cliff Richard	Devil Woman
Cliff Richard	Mistletoe and Wine
Cliff Richard	Summer Holiday
Cliff Richard	We Don't Talk Anymore
Cliff Richard	The Young Ones
Clint Black	A Better Man
Clint Black	Killin' Time
Clouseau	Daar gaat ze
Clouseau	Domino
Clouseau	Passie
Clueso	Gewinner
Cobra Starship	Good Girls Go Bad (feat. Leighton Meester)
Cockney Rebel	Make Me Smile (Come Up and See Me)
Cody Johnson	'Til You Can't
Cold Chisel	Flame Trees
Cold Chisel	Khe Sanh
Coldplay	A Sky Full of Stars
Coldplay	Clocks
Coldplay	Fix You
Coldplay	In My Place
Coldplay	Paradise
Coldplay	The Scientist
Coldplay	Speed of Sound
Coldplay	Viva la Vida
Coldplay	Yellow
Collective Soul	Shine
Collective Soul	The World I Know
Color Me Badd	I Wanna Sex You Up
Commodores	Brick House
Commodores	Easy
Commodores	Nightshift
Commodores	Three Times a Lady
The Communards	Don't Leave Me This Way
Conan Gray	Heather
Conan Gray	Maniac
Conchita Wurst	Rise Like a Phoenix
Connie Francis	Lipstick on Your Collar
Connie Francis	Stupid Cupid
Connie Francis	Where the Boys Are
Connie Francis	Who's Sorry Now
The Contours	Do You Love Me
Conway Twitty	Hello Darlin'
Conway Twitty	It's Only Make Believe
Conway Twitty	Tight Fittin' Jeans
Conway Twitty & Loretta Lynn	Louisiana Woman, Mississippi Man
Conway Twitty & Loretta Lynn	You're the Reason Our Kids Are Ugly
Coolio feat. L.V.	Gangsta's Paradise
Corey Hart	Sunglasses at Night
Corinne Bailey Rae	Put Your Records On
Cornelis Vreeswijk	Balladen om herr Fredrik Åkare och den söta fröken Cecilia Lind
Cornelis Vreeswijk	Sportiga Marie
Corona	The Rhythm of the Night
The Corrs	Breathless
The Corrs	Runaway
The Corrs	What Can I Do
Counting Crows	A Long December
Counting Crows	Accidentally in Love
Counting Crows	Big Yellow Taxi (feat. Vanessa Carlton)
Counting Crows	Mr. Jones
The Cranberries	Dreams
The Cranberries	Linger
The Cranberries	Ode to My Family
The Cranberries	Zombie
Crazy Frog	Axel F
Crazy Town	Butterfly
Creed	Higher
Creed	My Sacrifice
Creed	One Last Breath
Creed	With Arms Wide Open
Creedence Clearwater Revival	Bad Moon Rising
Creedence Clearwater Revival	Born on the Bayou
Creedence Clearwater Revival	Down on the Corner
Creedence Clearwater Revival	Fortunate Son
Creedence Clearwater Revival	Green River
Creedence Clearwater Revival	Have You Ever Seen the Rain
Creedence Clearwater Revival	Lookin' Out My Back Door
Creedence Clearwater Revival	Proud Mary
Creedence Clearwater Revival	Travelin' Band
Creedence Clearwater Revival	Up Around the Bend
Creepy Nuts	Bling-Bang-Bang-Born
Creepy Nuts	のびしろ
Creepy Nuts	オトノケ
Cristian Castro	Azul
Cristian Castro	Lloran las rosas
Cristian Castro	Por amarte así
Cro	Easy
Cro	Traum
Crosby, Stills & Nash	Southern Cross
Crosby, Stills & Nash	Suite: Judy Blue Eyes
Crosby, Stills, Nash & Young	Ohio
Crosby, Stills, Nash & Young	Our House
Crosby, Stills, Nash & Young	Teach Your Children
Crowded House	Better Be Home Soon
Crowded House	Don't Dream It's Over
Crowded House	Weather with You
Crvena jabuka	Dirlija
Crvena jabuka	Tugo, nesrećo
Crystal Gayle	Don't It Make My Brown Eyes Blue
Crystal Waters	Gypsy Woman (She's Homeless)
The Crystals	Da Doo Ron Ron
The Crystals	Then He Kissed Me
Culture Beat	Mr. Vain
Culture Club	Church of the Poison Mind
Culture Club	Do You Really Want to Hurt Me
Culture Club	Karma Chameleon
The Cure	Boys Don't Cry
The Cure	Close to Me
The Cure	Friday I'm in Love
The Cure	In Between Days
The Cure	Just Like Heaven
The Cure	Lovesong
The Cure	Lullaby
Cutting Crew	(I Just) Died in Your Arms
Cyndi Lauper	Girls Just Want to Have Fun
Cyndi Lauper	I Drove All Night
Cyndi Lauper	She Bop
Cyndi Lauper	Time After Time
Cyndi Lauper	True Colors
Cypress Hill	Insane in the Brain
Czesław Niemen	Dziwny jest ten świat
Czesław Niemen	Sen o Warszawie
DA PUMP	if...
DA PUMP	U.S.A.
DA PUMP	We can't stop the music
Daddy Yankee	Con calma (feat. Snow)
Daddy Yankee	Gasolina
Daddy Yankee	Lo que pasó, pasó
Daft Punk	Harder, Better, Faster, Stronger
Daft Punk	One More Time
Daft Punk feat. Pharrell Williams	Get Lucky
Dalida	Gigi l'amoroso
Dalida	Il venait d'avoir 18 ans
Dalida	Laissez-moi danser
Dalida	Mourir sur scène
Dalida & Alain Delon	Paroles, paroles
Damien Rice	The Blower's Daughter
Damien Rice	Cannonball
Damn Yankees	High Enough
Dana International	Diva
D'Angelo	Brown Sugar
D'Angelo	Untitled (How Does It Feel)
Daniel Balavoine	L'Aziza
Daniel Balavoine	Le chanteur
Daniel Balavoine	Mon fils, ma bataille
Daniel Balavoine	Tous les cris les S.O.S.
Daniel Bedingfield	Gotta Get Thru This
Daniel Bedingfield	If You're Not the One
Daniela Mercury	O canto da cidade
Daniela Romo	De mí enamórate
Daniela Romo	Yo no te pido la luna
DAOKO × 米津玄師	打上花火
Darius Rucker	Alright
Darius Rucker	Wagon Wheel
The Darkness	Christmas Time (Don't Let the Bells End)
The Darkness	I Believe in a Thing Called Love
Daryl Braithwaite	The Horses
Daryl Hall & John Oates	I Can't Go for That (No Can Do)
Daryl Hall & John Oates	Kiss on My List
Daryl Hall & John Oates	Maneater
Daryl Hall & John Oates	Out of Touch
Daryl Hall & John Oates	Private Eyes
Daryl Hall & John Oates	Rich Girl
Daryl Hall & John Oates	Sara Smile
Daryl Hall & John Oates	You Make My Dreams
Dashboard Confessional	Hands Down
Dashboard Confessional	Vindicated
Dave Dobbyn with Herbs	Slice of Heaven
Dave Matthews Band	Ants Marching
Dave Matthews Band	Crash into Me
David Allan Coe	You Never Even Called Me by My Name
David Bowie	Ashes to Ashes
David Bowie	Changes
David Bowie	China Girl
David Bowie	"Heroes"
David Bowie	Let's Dance
David Bowie	Life on Mars?
David Bowie	Modern Love
David Bowie	Rebel Rebel
David Bowie	Space Oddity
David Bowie	Starman
David Bowie	Young Americans
David Bowie	Ziggy Stardust
David Bowie & Queen	Under Pressure
David Gray	Babylon
David Gray	This Year's Love
David Guetta feat. Sia	Titanium
David Lee Murphy	Dust on the Bottle
Daði Freyr	Think About Things
DDE	Rai-Rai
DDE	Vinsjan på kaia
Deacon Blue	Dignity
Deacon Blue	Real Gone Kid
Dean Martin	Ain't That a Kick in the Head
Dean Martin	Everybody Loves Somebody
Dean Martin	Memories Are Made of This
Dean Martin	Sway
Dean Martin	That's Amore
Dean Martin	Volare (Nel blu, dipinto di blu)
Deana Carter	Strawberry Wine
Debbie Gibson	Lost in Your Eyes
Debbie Gibson	Only in My Dreams
Deee-Lite	Groove Is in the Heart
DEEN	このまま君だけを奪い去りたい
Deep Blue Something	Breakfast at Tiffany's
Deep Purple	Black Night
Deep Purple	Highway Star
Deep Purple	Perfect Strangers
Deep Purple	Smoke on the Water
Def Leppard	Animal
Def Leppard	Hysteria
Def Leppard	Love Bites
Def Leppard	Photograph
Def Leppard	Pour Some Sugar on Me
Def Leppard	Rock of Ages
Del Shannon	Hats Off to Larry
Del Shannon	Runaway
Demi Lovato	Heart Attack
Demi Lovato	Skyscraper
Demi Lovato	Sorry Not Sorry
Depeche Mode	Enjoy the Silence
Depeche Mode	Just Can't Get Enough
Depeche Mode	Never Let Me Down Again
Depeche Mode	People Are People
Depeche Mode	Personal Jesus
Depeche Mode	Strangelove
Desireless	Voyage, voyage
Desmond Dekker	007 (Shanty Town)
Desmond Dekker	Israelites
Des'ree	Life
Des'ree	You Gotta Be
Destiny's Child	Bills, Bills, Bills
Destiny's Child	Bootylicious
Destiny's Child	Independent Women, Pt. I
Destiny's Child	Jumpin', Jumpin'
Destiny's Child	Say My Name
Destiny's Child	Survivor
Dexys Midnight Runners	Come On Eileen
Diana Ross	Ain't No Mountain High Enough
Diana Ross	Chain Reaction
Diana Ross	I'm Coming Out
Diana Ross	Upside Down
Diana Ross & Lionel Richie	Endless Love
Dido	Here with Me
Dido	Thank You
Dido	White Flag
Die Ärzte	Junge
Die Ärzte	Lasse redn
Die Ärzte	Männer sind Schweine
Die Ärzte	Schrei nach Liebe
Die Ärzte	Westerland
Die Ärzte	Zu spät
Die Toten Hosen	Alles aus Liebe
Die Toten Hosen	Eisgekühlter Bommerlunder
Die Toten Hosen	Hier kommt Alex
Die Toten Hosen	Tage wie diese
Die Toten Hosen	Zehn kleine Jägermeister
Dierks Bentley	Drunk on a Plane
Dierks Bentley	What Was I Thinkin'
Digital Underground	The Humpty Dance
Dingo	Autiotalo
Dingo	Sinä ja minä
Dino Merlin	Da je sreće bilo
Dino Merlin	Kad si rekla da me voliš
Diodato	Fai rumore
Dion	Runaround Sue
Dion	The Wanderer
Dion & The Belmonts	A Teenager in Love
Dionne Warwick	Do You Know the Way to San Jose
Dionne Warwick	Heartbreaker
Dionne Warwick	I'll Never Fall in Love Again
Dionne Warwick	Walk On By
Dire Straits	Brothers in Arms
Dire Straits	Money for Nothing
Dire Straits	Romeo and Juliet
Dire Straits	Sultans of Swing
Dire Straits	Walk of Life
Disturbed	Down with the Sickness
Disturbed	The Sound of Silence
Divinyls	I Touch Myself
The Dixie Cups	Chapel of Love
DJ Jazzy Jeff & The Fresh Prince	Parents Just Don't Understand
DJ Jazzy Jeff & The Fresh Prince	Summertime
DJ Ötzi	Anton aus Tirol
DJ Ötzi	Hey Baby (Uhh, Ahh)
DJ Ötzi & Nik P.	Ein Stern (... der deinen Namen trägt)
Djavan	Eu te devoro
Djavan	Flor de lis
Djavan	Oceano
Djavan	Se...
Djavan	Sina
Dobie Gray	Drift Away
Dodgy	Good Enough
Doe Maar	32 jaar (sinds 1 dag of 2)
Doe Maar	De bom
Doe Maar	Is dit alles
Doja Cat	Kiss Me More (feat. SZA)
Doja Cat	Paint the Town Red
Doja Cat	Say So
Doja Cat	Woman
Dokken	Alone Again
Dolly Parton	9 to 5
Dolly Parton	Coat of Many Colors
Dolly Parton	Here You Come Again
Dolly Parton	I Will Always Love You
Dolly Parton	Jolene
Domenico Modugno	Nel blu, dipinto di blu (Volare)
Domenico Modugno	Piove (Ciao, ciao bambina)
Domenico Modugno	Vecchio frac
Don Henley	The Boys of Summer
Don McLean	American Pie
Don McLean	Vincent (Starry, Starry Night)
Don Williams	I Believe in You
Don Williams	Lord, I Hope This Day Is Good
Don Williams	Tulsa Time
Donna Summer	Bad Girls
Donna Summer	Hot Stuff
Donna Summer	I Feel Love
Donna Summer	Last Dance
Donna Summer	MacArthur Park
Donna Summer	She Works Hard for the Money
Donna Summer & Barbra Streisand	No More Tears (Enough Is Enough)
Donovan	Catch the Wind
Donovan	Mellow Yellow
Donovan	Sunshine Superman
The Doobie Brothers	Black Water
The Doobie Brothers	China Grove
The Doobie Brothers	Listen to the Music
The Doobie Brothers	Long Train Runnin'
The Doobie Brothers	What a Fool Believes
The Doors	Break On Through (To the Other Side)
The Doors	Hello, I Love You
The Doors	Light My Fire
The Doors	Love Me Two Times
The Doors	People Are Strange
The Doors	Riders on the Storm
The Doors	Roadhouse Blues
Doris Day	Dream a Little Dream of Me
Doris Day	Que Sera, Sera (Whatever Will Be, Will Be)
Doris Day	Sentimental Journey
Doves	There Goes the Fear
Dr. Dre feat. Snoop Dogg	Nuthin' but a "G" Thang
Dr. Dre feat. Snoop Dogg	Still D.R.E.
Dr. Hook	The Cover of "Rolling Stone"
Dr. Hook	Sylvia's Mother
Dr. Hook	When You're in Love with a Beautiful Woman
Drake	God's Plan
Drake	Hotline Bling
Drake	One Dance (feat. Wizkid & Kyla)
D:Ream	Things Can Only Get Better
DREAMS COME TRUE	LOVE LOVE LOVE
DREAMS COME TRUE	うれしい!たのしい!大好き!
DREAMS COME TRUE	何度でも
DREAMS COME TRUE	未来予想図II
DREAMS COME TRUE	決戦は金曜日
The Drifters	Save the Last Dance for Me
The Drifters	Under the Boardwalk
The Drifters	Up on the Roof
Dropkick Murphys	I'm Shipping Up to Boston
Dropkick Murphys	The State of Massachusetts
Drowning Pool	Bodies
Dua Lipa	Don't Start Now
Dua Lipa	Houdini
Dua Lipa	IDGAF
Dua Lipa	Levitating
Dua Lipa	New Rules
The Dubliners	The Black Velvet Band
The Dubliners	Seven Drunken Nights
The Dubliners	Whiskey in the Jar
The Dubliners	The Wild Rover
Duffy	Mercy
Duffy	Warwick Avenue
Duran Duran	A View to a Kill
Duran Duran	Come Undone
Duran Duran	Girls on Film
Duran Duran	Hungry Like the Wolf
Duran Duran	Ordinary World
Duran Duran	The Reflex
Duran Duran	Rio
Dusty Springfield	I Only Want to Be with You
Dusty Springfield	The Look of Love
Dusty Springfield	Son of a Preacher Man
Dusty Springfield	You Don't Have to Say You Love Me
Dwight Yoakam	A Thousand Miles from Nowhere
Dwight Yoakam	Fast as You
Dwight Yoakam	Guitars, Cadillacs
Dyango	Corazón mágico
Dyango	Esta noche quiero brandy
Dyango	Por volverte a ver
Dżem	Sen o Victorii
Dżem	Wehikuł czasu
Dżem	Whisky
Eagles	Desperado
Eagles	Heartache Tonight
Eagles	Hotel California
Eagles	Life in the Fast Lane
Eagles	Lyin' Eyes
Eagles	New Kid in Town
Eagles	One of These Nights
Eagles	Peaceful Easy Feeling
Eagles	Take It Easy
Eagles	Take It to the Limit
Eagles	Tequila Sunrise
Earth, Wind & Fire	After the Love Has Gone
Earth, Wind & Fire	Boogie Wonderland
Earth, Wind & Fire	Fantasy
Earth, Wind & Fire	Let's Groove
Earth, Wind & Fire	September
Earth, Wind & Fire	Shining Star
Eartha Kitt	C'est si bon
Eartha Kitt	Santa Baby
East 17	Stay Another Day
EAV	Ding Dong
EAV	Küss die Hand, schöne Frau
EAV	Märchenprinz
Echo & the Bunnymen	The Killing Moon
Echo & the Bunnymen	Lips Like Sugar
Ed Sheeran	The A Team
Ed Sheeran	Bad Habits
Ed Sheeran	Castle on the Hill
Ed Sheeran	Galway Girl
Ed Sheeran	Lego House
Ed Sheeran	Perfect
Ed Sheeran	Photograph
Ed Sheeran	Shape of You
Ed Sheeran	Shivers
Ed Sheeran	Thinking Out Loud
Edda Művek	A kör
Edda Művek	Álmodtam egy világot
Eddie Cochran	C'mon Everybody
Eddie Cochran	Summertime Blues
Eddie Floyd	Knock on Wood
Eddie Money	Take Me Home Tonight
Eddie Money	Two Tickets to Paradise
Eddie Rabbitt	Drivin' My Life Away
Eddie Rabbitt	I Love a Rainy Night
Eddy Arnold	Make the World Go Away
Eddy Grant	Electric Avenue
Eddy Grant	Gimme Hope Jo'anna
Edison Lighthouse	Love Grows (Where My Rosemary Goes)
Édith Piaf	Hymne à l'amour
Édith Piaf	La foule
Édith Piaf	La vie en rose
Édith Piaf	L'accordéoniste
Édith Piaf	Milord
Édith Piaf	Non, je ne regrette rien
Édith Piaf	Padam, padam...
Édith Piaf	Sous le ciel de Paris
Editors	Munich
Edward Sharpe & The Magnetic Zeros	Home
Edwin McCain	I'll Be
Edwin Starr	War
Eiffel 65	Blue (Da Ba Dee)
El Canto del Loco	Besos
El Canto del Loco	Insoportable
El Canto del Loco	Peter Pan
El Canto del Loco	Zapatillas
Elaine Paige & Barbara Dickson	I Know Him So Well
Elán	Kráľovná bielych tenisiek
Elán	Voda, čo ma drží nad vodou
Elbow	One Day Like This
Electric Light Orchestra	Don't Bring Me Down
Electric Light Orchestra	Evil Woman
Electric Light Orchestra	Last Train to London
Electric Light Orchestra	Livin' Thing
Electric Light Orchestra	Mr. Blue Sky
Electric Light Orchestra	Telephone Line
Elis Regina	Como nossos pais
Elis Regina	Fascinação
Elis Regina	O bêbado e a equilibrista
Elis Regina	Romaria
Elis Regina & Tom Jobim	Águas de março
Elisa	L'anima vola
Elisa	Luce (Tramonti a nord est)
Ella Fitzgerald	A-Tisket, A-Tasket
Ella Fitzgerald	Dream a Little Dream of Me
Ella Fitzgerald	How High the Moon
Ella Fitzgerald	Summertime
Ella Langley feat. Riley Green	you look like you love me
Ellie Goulding	Burn
Ellie Goulding	Lights
Ellie Goulding	Love Me Like You Do
Elmo & Patsy	Grandma Got Run Over by a Reindeer
Elton John	Bennie and the Jets
Elton John	Can You Feel the Love Tonight
Elton John	Candle in the Wind
Elton John	Circle of Life
Elton John	Crocodile Rock
Elton John	Daniel
Elton John	Don't Let the Sun Go Down on Me
Elton John	Goodbye Yellow Brick Road
Elton John	I Guess That's Why They Call It the Blues
Elton John	I'm Still Standing
Elton John	Levon
Elton John	Nikita
Elton John	Philadelphia Freedom
Elton John	Rocket Man (I Think It's Going to Be a Long, Long Time)
Elton John	Sacrifice
Elton John	Saturday Night's Alright for Fighting
Elton John	Sorry Seems to Be the Hardest Word
Elton John	Tiny Dancer
Elton John	Your Song
Elton John & Dua Lipa	Cold Heart (PNAU Remix)
Elton John & Kiki Dee	Don't Go Breaking My Heart
Elvis Costello	Alison
Elvis Costello	She
Elvis Costello	(What's So Funny 'Bout) Peace, Love and Understanding
Elvis Crespo	Suavemente
Elvis Crespo	Tu sonrisa
Elvis Presley	A Little Less Conversation
Elvis Presley	All Shook Up
Elvis Presley	Always on My Mind
Elvis Presley	Are You Lonesome Tonight?
Elvis Presley	Blue Christmas
Elvis Presley	Blue Suede Shoes
Elvis Presley	Burning Love
Elvis Presley	Can't Help Falling in Love
Elvis Presley	Devil in Disguise
Elvis Presley	Don't Be Cruel
Elvis Presley	Heartbreak Hotel
Elvis Presley	Hound Dog
Elvis Presley	In the Ghetto
Elvis Presley	It's Now or Never
Elvis Presley	Jailhouse Rock
Elvis Presley	Kentucky Rain
Elvis Presley	(Let Me Be Your) Teddy Bear
Elvis Presley	Love Me Tender
Elvis Presley	Return to Sender
Elvis Presley	Suspicious Minds
Elvis Presley	Viva Las Vegas
Elvis Presley	The Wonder of You
Embrace	Come Back to What You Know
Emeli Sandé	Next to Me
Emeli Sandé	Read All About It, Pt. III
EMF	Unbelievable
Eminem	Lose Yourself
Eminem	Love the Way You Lie (feat. Rihanna)
Eminem	Mockingbird
Eminem	My Name Is
Eminem	The Real Slim Shady
Eminem	Stan (feat. Dido)
Eminem	Without Me
En Vogue	Don't Let Go (Love)
En Vogue	Free Your Mind
En Vogue	My Lovin' (You're Never Gonna Get It)
Engelbert Humperdinck	A Man Without Love
Engelbert Humperdinck	The Last Waltz
Engelbert Humperdinck	Quando, quando, quando
Engelbert Humperdinck	Release Me
England Dan & John Ford Coley	I'd Really Love to See You Tonight
Enrique Iglesias	Bailamos
Enrique Iglesias	Bailando (feat. Descemer Bueno & Gente de Zona)
Enrique Iglesias	Escape
Enrique Iglesias	Hero
Enya	May It Be
Enya	Only Time
Enya	Orinoco Flow
Eppu Normaali	Tuhansien murheellisten laulujen maa
Eppu Normaali	Vuonna '85
Eraserheads	Ang Huling El Bimbo
Eraserheads	Pare Ko
Eraserheads	With a Smile
Erasmo Carlos	Gatinha manhosa
Erasmo Carlos	Mulher (Sexo frágil)
Eric Carmen	All by Myself
Eric Carmen	Hungry Eyes
Eric Church	Drink in My Hand
Eric Church	Springsteen
Eric Clapton	Change the World
Eric Clapton	Cocaine
Eric Clapton	Layla
Eric Clapton	Tears in Heaven
Eric Clapton	Wonderful Tonight
Eros Ramazzotti	Adesso tu
Eros Ramazzotti	Cose della vita
Eros Ramazzotti	Più bella cosa
Eros Ramazzotti	Se bastasse una canzone
Eros Ramazzotti	Terra promessa
Eros Ramazzotti	Un'altra te
Erykah Badu	On & On
Erykah Badu	Tyrone
Eslabon Armado & Peso Pluma	Ella baila sola
Estopa	Como Camarón
Estopa	La raja de tu falda
Estopa	Vino tinto
Ethel Merman	Everything's Coming Up Roses
Ethel Merman	There's No Business Like Show Business
Etta James	At Last
Etta James	I'd Rather Go Blind
Etta James	Something's Got a Hold on Me
Etta James	Tell Mama
Europe	Carrie
Europe	The Final Countdown
Europe	Rock the Night
Eurythmics	Here Comes the Rain Again
Eurythmics	Sweet Dreams (Are Made of This)
Eurythmics	There Must Be an Angel (Playing with My Heart)
Eurythmics	Thorn in My Side
Eurythmics	Who's That Girl?
Evanescence	Bring Me to Life
Evanescence	Call Me When You're Sober
Evanescence	Going Under
Evanescence	My Immortal
Eve	ドラマツルギー
Eve	ナンセンス文学
Eve	廻廻奇譚
Eve 6	Inside Out
Evelyn "Champagne" King	Love Come Down
Evelyn "Champagne" King	Shame
Everclear	Father of Mine
Everclear	Santa Monica
Everly Brothers	All I Have to Do Is Dream
Everly Brothers	Bye Bye Love
Everly Brothers	Cathy's Clown
Everly Brothers	Wake Up Little Susie
Exaltasamba	Tá vendo aquela lua
Exposé	Seasons Change
Extrabreit	Hurra, hurra, die Schule brennt
Extreme	More Than Words
Eydie Gormé y Los Panchos	Piel canela
Eydie Gormé y Los Panchos	Sabor a mí
Fabrizio De André	Bocca di rosa
Fabrizio De André	Il pescatore
Fabrizio De André	La canzone di Marinella
Fabrizio De André	La guerra di Piero
Fairground Attraction	Perfect
Fairuz	سألوني الناس
Fairuz	نسم علينا الهوى
Faith Hill	Breathe
Faith Hill	There You'll Be
Faith Hill	This Kiss
Faith No More	Easy
Faith No More	Epic
Falco	Der Kommissar
Falco	Jeanny, Part 1
Falco	Out of the Dark
Falco	Rock Me Amadeus
Falco	Vienna Calling
Fall Out Boy	Centuries
Fall Out Boy	Dance, Dance
Fall Out Boy	My Songs Know What You Did in the Dark (Light Em Up)
Fall Out Boy	Sugar, We're Goin Down
Fall Out Boy	Thnks fr th Mmrs
Fastball	The Way
Fats Domino	Ain't That a Shame
Fats Domino	Blueberry Hill
Fats Domino	I'm Walkin'
Fela Kuti	Water No Get Enemy
Félix Leclerc	Moi, mes souliers
Fergie	Big Girls Don't Cry
Fergie	Glamorous
Fergie	London Bridge
Fifth Harmony	Work from Home (feat. Ty Dolla $ign)
Fifth Harmony	Worth It (feat. Kid Ink)
Firehouse	Love of a Lifetime
Fito Páez	11 y 6
Fito Páez	El amor después del amor
Fito Páez	Mariposa technicolor
Fito Páez	Un vestido y un amor
Five Finger Death Punch	Bad Company
Five Finger Death Punch	Wrong Side of Heaven
The Five Satins	In the Still of the Night
The Flamingos	I Only Have Eyes for You
Fleetwood Mac	The Chain
Fleetwood Mac	Don't Stop
Fleetwood Mac	Dreams
Fleetwood Mac	Everywhere
Fleetwood Mac	Go Your Own Way
Fleetwood Mac	Gypsy
Fleetwood Mac	Landslide
Fleetwood Mac	Little Lies
Fleetwood Mac	Rhiannon
Fleetwood Mac	Say You Love Me
Fleetwood Mac	Silver Springs
Fleetwood Mac	Songbird
Fleetwood Mac	You Make Loving Fun
Flight of the Conchords	Business Time
Flo Rida	Low (feat. T-Pain)
Flo Rida	Right Round
Flo Rida	Whistle
Flogging Molly	Drunken Lullabies
Flogging Molly	If I Ever Leave This World Alive
Florence + The Machine	Cosmic Love
Florence + The Machine	Dog Days Are Over
Florence + The Machine	Shake It Out
Florence + The Machine	Spectrum
Florence + The Machine	You've Got the Love
Florida Georgia Line	Cruise
Florida Georgia Line	H.O.L.Y.
Foo Fighters	Best of You
Foo Fighters	Everlong
Foo Fighters	Learn to Fly
Foo Fighters	Monkey Wrench
Foo Fighters	My Hero
Foo Fighters	The Pretender
Foo Fighters	Times Like These
Foreigner	Cold as Ice
Foreigner	Feels Like the First Time
Foreigner	Hot Blooded
Foreigner	I Want to Know What Love Is
Foreigner	Juke Box Hero
Foreigner	Urgent
Foreigner	Waiting for a Girl Like You
Foster the People	Pumped Up Kicks
The Foundations	Baby, Now That I've Found You
The Foundations	Build Me Up Buttercup
Four Seasons	Beggin'
Four Seasons	Big Girls Don't Cry
Four Seasons	December, 1963 (Oh, What a Night)
Four Seasons	Sherry
Four Seasons	Walk Like a Man
The Four Tops	Bernadette
The Four Tops	I Can't Help Myself (Sugar Pie, Honey Bunch)
The Four Tops	Reach Out I'll Be There
France Gall	Ella, elle l'a
France Gall	Il jouait du piano debout
France Gall	Poupée de cire, poupée de son
France Gall	Résiste
Francesco De Gregori	Generale
Francesco De Gregori	La donna cannone
Francesco De Gregori	Rimmel
Francesco Gabbani	Occidentali's karma
Francis Cabrel	Encore et encore
Francis Cabrel	Je l'aime à mourir
Francis Cabrel	La corrida
Francis Cabrel	Petite Marie
Franco Battiato	Centro di gravità permanente
Franco Battiato	Cuccurucucù
Franco Battiato	La cura
Franco Battiato	Voglio vederti danzare
Franco De Vita	Louis
Franco De Vita	No basta
Franco De Vita	Te amo
Franco De Vita	Tú de qué vas
Françoise Hardy	Comment te dire adieu
Françoise Hardy	Tous les garçons et les filles
Frank Sinatra	All of Me
Frank Sinatra	Come Fly with Me
Frank Sinatra	Fly Me to the Moon
Frank Sinatra	It Was a Very Good Year
Frank Sinatra	I've Got You Under My Skin
Frank Sinatra	The Lady Is a Tramp
Frank Sinatra	Luck Be a Lady
Frank Sinatra	My Way
Frank Sinatra	Strangers in the Night
Frank Sinatra	Summer Wind
Frank Sinatra	That's Life
Frank Sinatra	Theme from New York, New York
Frank Sinatra	The Way You Look Tonight
Frankie Goes to Hollywood	The Power of Love
Frankie Goes to Hollywood	Relax
Frankie Goes to Hollywood	Two Tribes
Frankie Lymon & The Teenagers	Why Do Fools Fall in Love
Frankie Valli	Can't Take My Eyes Off You
Frankie Valli	Grease
Franz Ferdinand	Do You Want To
Franz Ferdinand	Take Me Out
The Fratellis	Chelsea Dagger
The Fray	How to Save a Life
The Fray	Over My Head (Cable Car)
The Fray	You Found Me
Fred Buscaglione	Eri piccola così
Fred Buscaglione	Guarda che luna
Freddie Aguilar	Anak
Free	All Right Now
Free	Wishing Well
The Fugees	Killing Me Softly with His Song
The Fugees	Ready or Not
fun.	Carry On
fun.	Some Nights
fun. feat. Janelle Monáe	We Are Young
Gareth Gates	Unchained Melody
Garou	Belle
Garth Brooks	Ain't Goin' Down ('Til the Sun Comes Up)
Garth Brooks	Callin' Baton Rouge
Garth Brooks	The Dance
Garth Brooks	Friends in Low Places
Garth Brooks	If Tomorrow Never Comes
Garth Brooks	The River
Garth Brooks	Shameless
Garth Brooks	The Thunder Rolls
Garth Brooks	Two Piña Coladas
Garth Brooks	Unanswered Prayers
Gary Jules	Mad World
Gary Wright	Dream Weaver
Gasolin'	Hva' gør vi nu, lille du
Gasolin'	Kvinde min
Gasolin'	Rabalderstræde
Gazebo	I Like Chopin
Geier Sturzflug	Bruttosozialprodukt
Gene Autry	Back in the Saddle Again
Gene Autry	Rudolph the Red-Nosed Reindeer
Gene Vincent	Be-Bop-A-Lula
Genesis	Follow You Follow Me
Genesis	I Can't Dance
Genesis	Invisible Touch
Genesis	Land of Confusion
Genesis	That's All
Geolier	I p' me, tu p' te
George Ezra	Blame It on Me
George Ezra	Budapest
George Ezra	Shotgun
George Harrison	Got My Mind Set on You
George Harrison	My Sweet Lord
George Harrison	What Is Life
George Jones	He Stopped Loving Her Today
George Jones	The Race Is On
George Jones	White Lightning
George McCrae	Rock Your Baby
George Michael	Careless Whisper
George Michael	Faith
George Michael	Fastlove
George Michael	Father Figure
George Michael	Freedom! '90
George Michael	Jesus to a Child
George Michael	One More Try
George Michael & Elton John	Don't Let the Sun Go Down on Me
George Strait	All My Ex's Live in Texas
George Strait	Amarillo by Morning
George Strait	Carrying Your Love with Me
George Strait	The Chair
George Strait	Check Yes or No
George Strait	Write This Down
Gerry & The Pacemakers	Ferry Cross the Mersey
Gerry & The Pacemakers	You'll Never Walk Alone
Gerry Rafferty	Baker Street
Gerry Rafferty	Right Down the Line
Gianna Nannini	America
Gianna Nannini	Bello e impossibile
Gianna Nannini	Fotoromanza
Gianna Nannini	Sei nell'anima
Gianna Nannini & Edoardo Bennato	Un'estate italiana
Gianni Morandi	Andavo a cento all'ora
Gianni Morandi	C'era un ragazzo che come me amava i Beatles e i Rolling Stones
Gianni Morandi	Fatti mandare dalla mamma a prendere il latte
Gianni Morandi	In ginocchio da te
Gilbert O'Sullivan	Alone Again (Naturally)
Gilbert O'Sullivan	Clair
Gilberto Gil	Andar com fé
Gilberto Gil	Aquele abraço
Gilberto Gil	Esperando na janela
Gilberto Gil	Vamos fugir
Gilberto Santa Rosa	Conteo regresivo
Gilberto Santa Rosa	Que alguien me diga
Gilles Vigneault	Gens du pays
Gims	Bella
Gims	Sapés comme jamais (feat. Niska)
Gin Blossoms	Hey Jealousy
Gin Blossoms	Til I Hear It from You
Ginuwine	Pony
Giorgia	Come saprei
Giorgia	E poi
Giorgia	Gocce di memoria
Gipsy Kings	Bamboléo
Gipsy Kings	Djobi, Djoba
Gipsy Kings	Volare
Girls Aloud	Biology
Girls Aloud	Love Machine
Girls Aloud	The Promise
Gladys Knight & The Pips	I Heard It Through the Grapevine
Gladys Knight & The Pips	Midnight Train to Georgia
Gladys Knight & The Pips	Neither One of Us
Glass Animals	Heat Waves
Glass Tiger	Don't Forget Me (When I'm Gone)
GLAY	BELOVED
GLAY	HOWEVER
GLAY	SOUL LOVE
GLAY	Winter, again
GLAY	誘惑
Glen Campbell	Gentle on My Mind
Glen Campbell	Rhinestone Cowboy
Glen Campbell	Southern Nights
Glen Campbell	Wichita Lineman
Glenn Miller & His Orchestra	Chattanooga Choo Choo
globe	Can't Stop Fallin' in Love
globe	DEPARTURES
globe	FACE
Gloria Estefan	Can't Stay Away from You
Gloria Estefan	Conga
Gloria Estefan	Mi tierra
Gloria Estefan	Rhythm Is Gonna Get You
Gloria Gaynor	I Am What I Am
Gloria Gaynor	I Will Survive
Gloria Gaynor	Never Can Say Goodbye
Gloria Jones	Tainted Love
Gloria Trevi	Pelo suelto
Gloria Trevi	Todos me miran
Gloria Trevi	Zapatos viejos
Gloriana	(Kissed You) Good Night
Gnarls Barkley	Crazy
Go West	King of Wishful Thinking
Go West	We Close Our Eyes
god	거짓말
god	어머님께
god	촛불하나
Godsmack	I Stand Alone
Godsmack	Voodoo
The Go-Go's	Our Lips Are Sealed
The Go-Go's	Vacation
The Go-Go's	We Got the Beat
Golden Earring	Radar Love
Golden Earring	Twilight Zone
Golden Earring	When the Lady Smiles
Goo Goo Dolls	Black Balloon
Goo Goo Dolls	Iris
Goo Goo Dolls	Name
Goo Goo Dolls	Slide
Good Charlotte	The Anthem
Good Charlotte	Lifestyles of the Rich & Famous
Gordon Lightfoot	If You Could Read My Mind
Gordon Lightfoot	Sundown
Gordon Lightfoot	The Wreck of the Edmund Fitzgerald
Gorillaz	Clint Eastwood
Gorillaz	Feel Good Inc.
Gorillaz	On Melancholy Hill
Gotye feat. Kimbra	Somebody That I Used to Know
Gracie Abrams	I Love You, I'm Sorry
Gracie Abrams	That's So True
Gracie Fields	Sally
Grand Funk Railroad	Some Kind of Wonderful
Grand Funk Railroad	We're an American Band
Great Big Sea	Ordinary Day
Great White	Once Bitten, Twice Shy
GReeeeN	キセキ
GReeeeN	愛唄
GReeeeN	遥か
Green Day	21 Guns
Green Day	American Idiot
Green Day	Basket Case
Green Day	Boulevard of Broken Dreams
Green Day	Good Riddance (Time of Your Life)
Green Day	Holiday
Green Day	Longview
Green Day	Wake Me Up When September Ends
Green Day	When I Come Around
Gretchen Wilson	Here for the Party
Gretchen Wilson	Redneck Woman
Grupo Frontera & Bad Bunny	un x100to
The Guess Who	American Woman
The Guess Who	No Time
The Guess Who	These Eyes
Guns N' Roses	Civil War
Guns N' Roses	Don't Cry
Guns N' Roses	Knockin' on Heaven's Door
Guns N' Roses	Live and Let Die
Guns N' Roses	November Rain
Guns N' Roses	Paradise City
Guns N' Roses	Patience
Guns N' Roses	Sweet Child o' Mine
Guns N' Roses	Welcome to the Jungle
Guns N' Roses	You Could Be Mine
Gustavo Cerati	Adiós
Gustavo Cerati	Crimen
Gustavo Cerati	Puente
Gusttavo Lima	Apelido carinhoso
Gusttavo Lima	Balada (Tchê tcherere tchê tchê)
Guus Meeuwis	Brabant
Guus Meeuwis	Geef mij je angst
Guus Meeuwis	Het is een nacht... (levensecht)
Gwen Stefani	Cool
Gwen Stefani	Hollaback Girl
Gwen Stefani	Rich Girl
Gwen Stefani	The Sweet Escape
Gyllene Tider	Gå & fiska!
Gyllene Tider	När vi två blir en
Gyllene Tider	Sommartider
Gym Class Heroes	Cupid's Chokehold (feat. Patrick Stump)
Gym Class Heroes	Stereo Hearts (feat. Adam Levine)
Haddaway	What Is Love
Håkan Hellström	Det kommer aldrig va över för mig
Håkan Hellström	Känn ingen sorg för mig Göteborg
Håkan Hellström	Kom igen Lena!
Halid Bešlić	Miljacka
Halid Bešlić	Romanija
Halid Bešlić	U meni jesen je
Hank Williams	Cold, Cold Heart
Hank Williams	Hey, Good Lookin'
Hank Williams	I'm So Lonesome I Could Cry
Hank Williams	Jambalaya (On the Bayou)
Hank Williams	Move It on Over
Hank Williams	Your Cheatin' Heart
Hank Williams Jr.	A Country Boy Can Survive
Hank Williams Jr.	All My Rowdy Friends Are Coming Over Tonight
Hank Williams Jr.	Family Tradition
Hanson	MMMBop
Happy Mondays	Step On
Hard-Fi	Hard to Beat
Hard-Fi	Living for the Weekend
Harold Melvin & The Blue Notes	If You Don't Know Me by Now
Harry Belafonte	Day-O (The Banana Boat Song)
Harry Belafonte	Jamaica Farewell
Harry Belafonte	Jump in the Line (Shake, Señora)
Harry Chapin	Cat's in the Cradle
Harry Chapin	Taxi
Harry Nilsson	Coconut
Harry Nilsson	Everybody's Talkin'
Harry Nilsson	Without You
Harry Styles	Adore You
Harry Styles	As It Was
Harry Styles	Sign of the Times
Harry Styles	Watermelon Sugar
Harvey Danger	Flagpole Sitta
Hawksley Workman	Striptease
Hawthorne Heights	Ohio Is for Lovers
Heart	All I Wanna Do Is Make Love to You
Heart	Alone
Heart	Barracuda
Heart	Crazy on You
Heart	Magic Man
Heart	These Dreams
Heart	What About Love
Héctor Lavoe	Aguanile
Héctor Lavoe	El cantante
Héctor Lavoe	Periódico de ayer
Heinz Rudolf Kunze	Dein ist mein ganzes Herz
Helene Fischer	Atemlos durch die Nacht
Helene Fischer	Die Hölle morgen früh
Helene Fischer	Herzbeben
Helene Fischer	Ich will immer wieder... dieses Fieber spür'n
Henrique & Juliano	Cuida bem dela
Henrique & Juliano	Vidinha de balada
Herbert Grönemeyer	Bochum
Herbert Grönemeyer	Flugzeuge im Bauch
Herbert Grönemeyer	Männer
Herbert Grönemeyer	Mensch
Herbert Grönemeyer	Was soll das?
Herbie Hancock	Rockit
Hilary Duff	Come Clean
Hilary Duff	What Dreams Are Made Of
Hildegard Knef	Für mich soll's rote Rosen regnen
HIM	Join Me in Death
HIM	Wicked Game
Höhner	Die Karawane zieht weiter
Höhner	Viva Colonia
The Hollies	The Air That I Breathe
The Hollies	Bus Stop
The Hollies	He Ain't Heavy, He's My Brother
The Hollies	Long Cool Woman in a Black Dress
Hombres G	Devuélveme a mi chica
Hombres G	Marta tiene un marcapasos
Hombres G	Te quiero
Hombres G	Temblando
Hoobastank	The Reason
Hootie & the Blowfish	Hold My Hand
Hootie & the Blowfish	Let Her Cry
Hootie & the Blowfish	Only Wanna Be with You
H.O.T.	전사의 후예
H.O.T.	캔디 (Candy)
H.O.T.	행복
Hot Chocolate	Every 1's a Winner
Hot Chocolate	So You Win Again
Hot Chocolate	You Sexy Thing
House of Pain	Jump Around
The Housemartins	Caravan of Love
The Housemartins	Happy Hour
Howard Jones	Things Can Only Get Better
Howard Jones	What Is Love?
Hozier	Cherry Wine
Hozier	Take Me to Church
Hozier	Too Sweet
Hozier	Work Song
Hubert Kah	Rosemarie
Hubert Kah	Sternenhimmel
Hues Corporation	Rock the Boat
Huey Lewis & the News	Hip to Be Square
Huey Lewis & the News	If This Is It
Huey Lewis & the News	The Power of Love
Huey Lewis & the News	Stuck with You
Hugh Jackman & Zac Efron	The Other Side
Hugh Jackman, Keala Settle & The Greatest Showman Ensemble	This Is Me
The Human League	Don't You Want Me
The Human League	Human
The Human League	(Keep Feeling) Fascination
HUNTR/X	Golden
Ice Cube	It Was a Good Day
Ich + Ich	So soll es bleiben
Ich + Ich	Stark
Ich + Ich	Vom selben Stern
Ideal	Berlin
Ideal	Blaue Augen
Idina Menzel	Defying Gravity
Idina Menzel	Let It Go
Iggy Pop	Lust for Life
Iggy Pop	The Passenger
Ike & Tina Turner	Proud Mary
Ike & Tina Turner	River Deep - Mountain High
Imagination	Body Talk
Imagination	Just an Illusion
Imagine Dragons	Bad Liar
Imagine Dragons	Believer
Imagine Dragons	Demons
Imagine Dragons	Radioactive
Imagine Dragons	Thunder
India.Arie	Video
Indila	Dernière danse
Indila	Tourner dans le vide
Indochine	J'ai demandé à la lune
Indochine	L'aventurier
Indochine	Trois nuits par semaine
Ink Spots	I Don't Want to Set the World on Fire
Inner Circle	Bad Boys
Inner Circle	Sweat (A La La La La Long)
Interpol	Evil
INXS	Devil Inside
INXS	Don't Change
INXS	Need You Tonight
INXS	Never Tear Us Apart
INXS	New Sensation
Irene Cara	Fame
Irene Cara	Flashdance... What a Feeling
Iron Maiden	Fear of the Dark
Iron Maiden	The Number of the Beast
Iron Maiden	Run to the Hills
Iron Maiden	The Trooper
Isabel Pantoja	Así fue
Isabel Pantoja	Marinero de luces
Isabelle Boulay	Parle-moi
The Isley Brothers	Shout
The Isley Brothers	That Lady, Pts. 1 & 2
The Isley Brothers	This Old Heart of Mine
The Isley Brothers	Twist and Shout
Israel Kamakawiwoʻole	Somewhere over the Rainbow/What a Wonderful World
Ivete Sangalo	Festa
Ivete Sangalo	Quando a chuva passar
Ivete Sangalo	Se eu não te amasse tanto assim
Ivete Sangalo	Sorte grande (Poeira)
J. Geils Band	Centerfold
J. Geils Band	Freeze-Frame
J. Karjalainen	Missä se Väinö on?
J. Karjalainen	Telepatiaa
Jackie Wilson	Reet Petite
Jackie Wilson	(Your Love Keeps Lifting Me) Higher and Higher
The Jackson 5	ABC
The Jackson 5	I Want You Back
The Jackson 5	I'll Be There
The Jackson 5	The Love You Save
Jackson Browne	Doctor My Eyes
Jackson Browne	Running on Empty
Jackson Browne	Somebody's Baby
Jacques Brel	Amsterdam
Jacques Brel	La chanson des vieux amants
Jacques Brel	Les bourgeois
Jacques Brel	Ne me quitte pas
Jacques Brel	Quand on n'a que l'amour
Jahn Teigen	Mil etter mil
Jahn Teigen	Min første kjærlighet
The Jam	Going Underground
The Jam	That's Entertainment
The Jam	Town Called Malice
Jamala	1944
James	Laid
James	Sit Down
James Bay	Hold Back the River
James Bay	Let It Go
James Blunt	1973
James Blunt	Goodbye My Lover
James Blunt	You're Beautiful
James Brown	Get Up (I Feel Like Being a) Sex Machine
James Brown	I Got You (I Feel Good)
James Brown	It's a Man's Man's Man's World
James Brown	Living in America
James Brown	Papa's Got a Brand New Bag
James Morrison	Broken Strings (feat. Nelly Furtado)
James Morrison	You Give Me Something
James Taylor	Carolina in My Mind
James Taylor	Fire and Rain
James Taylor	How Sweet It Is (To Be Loved by You)
James Taylor	Sweet Baby James
James Taylor	You've Got a Friend
Jamiroquai	Canned Heat
Jamiroquai	Cosmic Girl
Jamiroquai	Virtual Insanity
Jan & Dean	The Little Old Lady (From Pasadena)
Jan & Dean	Surf City
Janet Jackson	All for You
Janet Jackson	Nasty
Janet Jackson	Rhythm Nation
Janet Jackson	That's the Way Love Goes
Janet Jackson	Together Again
Janis Joplin	Cry Baby
Janis Joplin	Me and Bobby McGee
Janis Joplin	Mercedes Benz
Janis Joplin	Piece of My Heart
Janis Joplin	Summertime
Jason Aldean	Big Green Tractor
Jason Aldean	Dirt Road Anthem
Jason Aldean	She's Country
Jason Derulo	Savage Love (Laxed - Siren Beat)
Jason Derulo	Talk Dirty (feat. 2 Chainz)
Jason Derulo	Whatcha Say
Jason Mraz	I Won't Give Up
Jason Mraz	I'm Yours
Jason Mraz	Lucky (feat. Colbie Caillat)
Javier Solís	En mi viejo San Juan
Javier Solís	Payaso
Javier Solís	Sombras nada más
Jay-Z	99 Problems
Jay-Z	Hard Knock Life (Ghetto Anthem)
Jay-Z feat. Alicia Keys	Empire State of Mind
Jeanette	El muchacho de los ojos tristes
Jeanette	¿Por qué te vas?
Jeanette	Soy rebelde
Jean-Jacques Goldman	Au bout de mes rêves
Jean-Jacques Goldman	Comme toi
Jean-Jacques Goldman	Encore un matin
Jean-Jacques Goldman	Je te donne
Jean-Jacques Goldman	Quand la musique est bonne
Jeannie C. Riley	Harper Valley P.T.A.
Jeff Buckley	Hallelujah
Jeff Buckley	Last Goodbye
Jeff Buckley	Lover, You Should've Come Over
Jefferson Airplane	Somebody to Love
Jefferson Airplane	White Rabbit
Jelly Roll	Need a Favor
Jelly Roll	Save Me
Jelly Roll	Son of a Sinner
Jenni Rivera	Inolvidable
Jenni Rivera	La gran señora
Jenni Rivera	Ya lo sé
Jennifer Lopez	If You Had My Love
Jennifer Lopez	Jenny from the Block
Jennifer Lopez	Let's Get Loud
Jennifer Lopez	On the Floor (feat. Pitbull)
Jerry Lee Lewis	Great Balls of Fire
Jerry Lee Lewis	Whole Lotta Shakin' Goin' On
Jess Glynne	Don't Be So Hard on Yourself
Jess Glynne	Hold My Hand
Jesse & Joy	¡Corre!
Jesse & Joy	Ecos de amor
Jesse & Joy	Espacio sideral
Jesse & Joy	La de la mala suerte
Jessica Simpson	These Boots Are Made for Walkin'
Jessica Simpson	With You
Jessie J	Domino
Jessie J	Flashlight
Jessie J	Price Tag (feat. B.o.B)
Jesus Jones	Right Here, Right Now
Jet	Are You Gonna Be My Girl
Jewel	Foolish Games
Jewel	Who Will Save Your Soul
Jewel	You Were Meant for Me
Jim Croce	Bad, Bad Leroy Brown
Jim Croce	Operator (That's Not the Way It Feels)
Jim Croce	Time in a Bottle
Jim Croce	You Don't Mess Around with Jim
Jim Reeves	He'll Have to Go
Jim Reeves	Welcome to My World
Jimi Hendrix	All Along the Watchtower
Jimi Hendrix	Hey Joe
Jimi Hendrix	Little Wing
Jimi Hendrix	Purple Haze
Jimi Hendrix	The Wind Cries Mary
Jimmy Barnes	Working Class Man
Jimmy Buffett	Cheeseburger in Paradise
Jimmy Buffett	Come Monday
Jimmy Buffett	Margaritaville
Jimmy Buffett	Son of a Son of a Sailor
Jimmy Cliff	The Harder They Come
Jimmy Cliff	I Can See Clearly Now
Jimmy Cliff	You Can Get It If You Really Want
Jimmy Eat World	The Middle
Jimmy Eat World	Sweetness
Jo Dee Messina	Bye Bye
Jo Dee Messina	Heads Carolina, Tails California
Joan Jett & the Blackhearts	Bad Reputation
Joan Jett & the Blackhearts	Crimson and Clover
Joan Jett & the Blackhearts	I Hate Myself for Loving You
Joan Jett & the Blackhearts	I Love Rock 'n' Roll
Joan Manuel Serrat	Cantares
Joan Manuel Serrat	Lucía
Joan Manuel Serrat	Mediterráneo
Joan Manuel Serrat	Penélope
Joan Osborne	One of Us
Joaquín Sabina	19 días y 500 noches
Joaquín Sabina	Contigo
Joaquín Sabina	Pongamos que hablo de Madrid
Joaquín Sabina	Quién me ha robado el mes de abril
Joaquín Sabina	Y nos dieron las diez
Jodeci	Come & Talk to Me
Jodi Benson	Part of Your World
Joe Arroyo	La rebelión
Joe Cocker	Unchain My Heart
Joe Cocker	With a Little Help from My Friends
Joe Cocker	You Are So Beautiful
Joe Cocker	You Can Leave Your Hat On
Joe Cocker & Jennifer Warnes	Up Where We Belong
Joe Dassin	Et si tu n'existais pas
Joe Dassin	Les Champs-Élysées
Joe Dassin	L'été indien
Joe Dassin	Salut les amoureux
Joe Dassin	Siffler sur la colline
Joe Diffie	John Deere Green
Joe Diffie	Pickup Man
Johannes Oerding	An guten Tagen
John Denver	Annie's Song
John Denver	Leaving on a Jet Plane
John Denver	Rocky Mountain High
John Denver	Sunshine on My Shoulders
John Denver	Take Me Home, Country Roads
John Denver	Thank God I'm a Country Boy
John Farnham	You're the Voice
John Legend	All of Me
John Legend	Ordinary People
John Lennon	Happy Xmas (War Is Over)
John Lennon	Imagine
John Lennon	Instant Karma!
John Lennon	Jealous Guy
John Lennon	(Just Like) Starting Over
John Lennon	Woman
John Mayer	Daughters
John Mayer	Gravity
John Mayer	Slow Dancing in a Burning Room
John Mayer	Waiting on the World to Change
John Mayer	Your Body Is a Wonderland
John Mellencamp	Cherry Bomb
John Mellencamp	Hurts So Good
John Mellencamp	Jack & Diane
John Mellencamp	Pink Houses
John Mellencamp	Small Town
John Michael Montgomery	I Swear
John Michael Montgomery	Sold! (The Grundy County Auction Incident)
John Parr	St. Elmo's Fire (Man in Motion)
John Paul Young	Love Is in the Air
John Travolta & Olivia Newton-John	Summer Nights
John Travolta & Olivia Newton-John	You're the One That I Want
Johnny Cash	A Boy Named Sue
Johnny Cash	Folsom Prison Blues
Johnny Cash	Get Rhythm
Johnny Cash	Hurt
Johnny Cash	I Walk the Line
Johnny Cash	The Man Comes Around
Johnny Cash	Man in Black
Johnny Cash	One Piece at a Time
Johnny Cash	Personal Jesus
Johnny Cash	Ring of Fire
Johnny Cash & June Carter	If I Were a Carpenter
Johnny Cash & June Carter	Jackson
Johnny Clegg & Savuka	Asimbonanga
Johnny Clegg & Savuka	Scatterlings of Africa
Johnny Hallyday	Allumer le feu
Johnny Hallyday	Je te promets
Johnny Hallyday	L'envie
Johnny Hallyday	Marie
Johnny Hallyday	Que je t'aime
Johnny Hallyday	Quelque chose de Tennessee
Johnny Horton	The Battle of New Orleans
Johnny Horton	North to Alaska
Johnny Logan	Hold Me Now
Johnny Logan	What's Another Year
Johnny Nash	I Can See Clearly Now
JoJo	Leave (Get Out)
JoJo	Too Little Too Late
Jonas Brothers	Burnin' Up
Jonas Brothers	S.O.S
Jonas Brothers	Sucker
Joni Mitchell	A Case of You
Joni Mitchell	Big Yellow Taxi
Joni Mitchell	Both Sides, Now
Joni Mitchell	River
Jorge & Mateus	Amo noite e dia
Jorge & Mateus	Os anjos cantam
Jorge Ben Jor	Mas que nada
Jorge Ben Jor	País tropical
Jorge Ben Jor	Taj Mahal
José Alfredo Jiménez	Caminos de Guanajuato
José Alfredo Jiménez	Ella
José Alfredo Jiménez	Si nos dejan
José Alfredo Jiménez	Un mundo raro
José Feliciano	Feliz Navidad
José Feliciano	Light My Fire
José José	Amar y querer
José José	El triste
José José	Gavilán o paloma
José José	La nave del olvido
José José	Lo pasado, pasado
José Luis Perales	¿Qué pasará mañana?
José Luis Perales	Te quiero
José Luis Perales	Un velero llamado libertad
José Luis Perales	¿Y cómo es él?
Josh Groban	To Where You Are
Josh Groban	You Raise Me Up
Jota Quest	Amor maior
Jota Quest	Dias melhores
Jota Quest	Fácil
Jota Quest	Só hoje
Journey	Any Way You Want It
Journey	Don't Stop Believin'
Journey	Faithfully
Journey	Lights
Journey	Open Arms
Journey	Separate Ways (Worlds Apart)
Journey	Wheel in the Sky
Journey	Who's Crying Now
Jovanotti	A te
Jovanotti	Bella
Jovanotti	L'ombelico del mondo
Jovanotti	Penso positivo
Jovanotti	Ragazzo fortunato
Joy Division	Love Will Tear Us Apart
Juan Gabriel	Abrázame muy fuerte
Juan Gabriel	Amor eterno
Juan Gabriel	Así fue
Juan Gabriel	El Noa Noa
Juan Gabriel	Hasta que te conocí
Juan Gabriel	Querida
Juan Gabriel	Te lo pido por favor
Juan Luis Guerra 4.40	Bachata rosa
Juan Luis Guerra 4.40	Burbujas de amor
Juan Luis Guerra 4.40	La bilirrubina
Juan Luis Guerra 4.40	Ojalá que llueva café
Juan Luis Guerra 4.40	Visa para un sueño
Juanes	A Dios le pido
Juanes	Es por ti
Juanes	La camisa negra
Juanes	Me enamora
Judas Priest	Breaking the Law
Judas Priest	Living After Midnight
Judas Priest	You've Got Another Thing Comin'
The Judds	Grandpa (Tell Me 'bout the Good Old Days)
The Judds	Mama He's Crazy
The Judds	Why Not Me
JUDY AND MARY	Over Drive
JUDY AND MARY	くじら12号
JUDY AND MARY	そばかす
Judy Garland	The Man That Got Away
Judy Garland	Over the Rainbow
Judy Garland	The Trolley Song
Juice Leskinen	Syksyn sävel
Juice Leskinen	Viidestoista yö
Juice Newton	Angel of the Morning
Juice Newton	Queen of Hearts
Juli	Geile Zeit
Juli	Perfekte Welle
Julie Andrews	Do-Re-Mi
Julie Andrews	I Could Have Danced All Night
Julie Andrews	My Favorite Things
Julie Andrews	The Sound of Music
Julien Clerc	Femmes, je vous aime
Julien Clerc	Ma préférence
Julieta Venegas	Eres para mí (feat. Anita Tijoux)
Julieta Venegas	Lento
Julieta Venegas	Limón y sal
Julieta Venegas	Me voy
Julio Iglesias	De niña a mujer
Julio Iglesias	Hey
Julio Iglesias	La vida sigue igual
Julio Iglesias	Me olvidé de vivir
Julio Iglesias	Soy un truhán, soy un señor
Julio Iglesias	Un canto a Galicia
Jürgen Drews	Ein Bett im Kornfeld
Justin Bieber	Baby (feat. Ludacris)
Justin Bieber	Love Yourself
Justin Bieber	Peaches (feat. Daniel Caesar & Giveon)
Justin Bieber	Sorry
Justin Bieber	What Do You Mean?
Justin Timberlake	Can't Stop the Feeling!
Justin Timberlake	Cry Me a River
Justin Timberlake	Mirrors
Justin Timberlake	Rock Your Body
Justin Timberlake	SexyBack
Käärijä	Cha Cha Cha
Kabát	Malá dáma
Kabát	Pohoda
Kacey Musgraves	Follow Your Arrow
Kacey Musgraves	Merry Go 'Round
Kacey Musgraves	Rainbow
Kacey Musgraves	Space Cowboy
Kaija Koo	Kuka keksi rakkauden
Kaija Koo	Tinakenkätyttö
Kaiser Chiefs	I Predict a Riot
Kaiser Chiefs	Oh My God
Kaiser Chiefs	Ruby
Kaj	Bara bada bastu
Kajagoogoo	Too Shy
Kalush Orchestra	Стефанія
Kansas	Carry On Wayward Son
Kansas	Dust in the Wind
Kaoma	Lambada
Karat	Über sieben Brücken mußt du gehn
Karel Gott	Biene Maja
Karel Gott	Být stále mlád
Karel Gott	Kávu si osladím
Karel Gott	Lady Carneval
Kari Tapio	Myrskyn jälkeen
Kari Tapio	Olen suomalainen
Karol G	Bichota
Karol G	Provenza
Karol G	Si antes te hubiera conocido
Karol G	TQG (feat. Shakira)
Kate Bush	Babooshka
Kate Bush	Cloudbusting
Kate Bush	Running Up That Hill (A Deal with God)
Kate Bush	This Woman's Work
Kate Bush	Wuthering Heights
Kate Nash	Foundations
Katie Melua	The Closest Thing to Crazy
Katie Melua	Nine Million Bicycles
Katri Helena	Anna mulle tähtitaivas
Katri Helena	Puhelinlangat laulaa
Katrina and the Waves	Love Shine a Light
Katrina and the Waves	Walking on Sunshine
Katy Perry	California Gurls (feat. Snoop Dogg)
Katy Perry	Dark Horse (feat. Juicy J)
Katy Perry	Firework
Katy Perry	Hot n Cold
Katy Perry	I Kissed a Girl
Katy Perry	Last Friday Night (T.G.I.F.)
Katy Perry	Part of Me
Katy Perry	Roar
Katy Perry	Teenage Dream
Katy Perry	Wide Awake
KC and the Sunshine Band	Get Down Tonight
KC and the Sunshine Band	Give It Up
KC and the Sunshine Band	Please Don't Go
KC and the Sunshine Band	(Shake, Shake, Shake) Shake Your Booty
KC and the Sunshine Band	That's the Way (I Like It)
k.d. lang	Constant Craving
k.d. lang	Hallelujah
Keane	Bedshaped
Keane	Everybody's Changing
Keane	Somewhere Only We Know
Ke$ha	Die Young
Ke$ha	TiK ToK
Ke$ha	We R Who We R
Ke$ha	Your Love Is My Drug
Keith Urban	Blue Ain't Your Color
Keith Urban	Kiss a Girl
Keith Urban	Somebody Like You
Keith Whitley	Don't Close Your Eyes
Keith Whitley	When You Say Nothing at All
Kelly Clarkson	A Moment Like This
Kelly Clarkson	Because of You
Kelly Clarkson	Behind These Hazel Eyes
Kelly Clarkson	Breakaway
Kelly Clarkson	My Life Would Suck Without You
Kelly Clarkson	Piece by Piece
Kelly Clarkson	Since U Been Gone
Kelly Clarkson	Stronger (What Doesn't Kill You)
Kendrick Lamar	HUMBLE.
Kendrick Lamar	Not Like Us
Kendrick Lamar	Swimming Pools (Drank)
Kenny Chesney	How Forever Feels
Kenny Chesney	She Thinks My Tractor's Sexy
Kenny Chesney	When the Sun Goes Down (feat. Uncle Kracker)
Kenny Loggins	Danger Zone
Kenny Loggins	Footloose
Kenny Loggins	I'm Alright
Kenny Rogers	Coward of the County
Kenny Rogers	The Gambler
Kenny Rogers	Lady
Kenny Rogers	Lucille
Kenny Rogers	She Believes in Me
Kenny Rogers & Dolly Parton	Islands in the Stream
Kent	Dom andra
Kent	Musik non stop
Kent	Utan dina andetag
Kid Abelha	Como eu quero
Kid Abelha	Fixação
Kid Abelha	Na rua, na chuva, na fazenda (Casinha de sapê)
Kid Rock	All Summer Long
Kid Rock	Bawitdaba
Kid Rock	Cowboy
Kid Rock & Sheryl Crow	Picture
The Killers	All These Things That I've Done
The Killers	Human
The Killers	Mr. Brightside
The Killers	Read My Mind
The Killers	Somebody Told Me
The Killers	When You Were Young
Kim Carnes	Bette Davis Eyes
Kim Larsen	Kringsatte af fjender
Kim Larsen	Midt om natten
Kim Larsen	Papirsklip
Kim Wilde	Cambodia
Kim Wilde	Kids in America
Kim Wilde	You Keep Me Hangin' On
King Gnu	カメレオン
King Gnu	一途
King Gnu	白日
King Gnu	逆夢
King Gnu	飛行艇
Kings of Leon	Sex on Fire
Kings of Leon	Use Somebody
The Kingsmen	Louie Louie
KinKi Kids	全部だきしめて
KinKi Kids	愛されるより 愛したい
KinKi Kids	硝子の少年
The Kinks	All Day and All of the Night
The Kinks	Lola
The Kinks	Sunny Afternoon
The Kinks	Waterloo Sunset
The Kinks	You Really Got Me
Kishore Kumar	पल पल दिल के पास
Kishore Kumar	रूप तेरा मस्ताना
KISS	Beth
KISS	Detroit Rock City
KISS	I Was Made for Lovin' You
KISS	Rock and Roll All Nite
Klaus Lage	Faust auf Faust
Klaus Lage	Tausendundeine Nacht (Zoom!)
The Kooks	Naïve
The Kooks	She Moves in Her Own Way
Kool & The Gang	Celebration
Kool & The Gang	Cherish
Kool & The Gang	Get Down on It
Kool & The Gang	Jungle Boogie
Kool & The Gang	Ladies' Night
Korn	Freak on a Leash
Kraftwerk	Autobahn
Kraftwerk	Das Model
Kris Kristofferson	Help Me Make It Through the Night
Kris Kristofferson	Sunday Mornin' Comin' Down
Kristin Chenoweth	Popular
Krzysztof Krawczyk	Bo jesteś ty
Krzysztof Krawczyk	Chciałem być
Krzysztof Krawczyk	Parostatek
K's Choice	Not an Addict
KT Tunstall	Black Horse and the Cherry Tree
KT Tunstall	Suddenly I See
Kylie Minogue	All the Lovers
Kylie Minogue	Can't Get You Out of My Head
Kylie Minogue	I Should Be So Lucky
Kylie Minogue	The Loco-Motion
Kylie Minogue	Love at First Sight
Kylie Minogue	Padam Padam
Kylie Minogue	Spinning Around
Kylie Minogue & Jason Donovan	Especially for You
Kyo	Dernière danse
Kyo	Le chemin
La Bouche	Be My Lover
La Oreja de Van Gogh	20 de enero
La Oreja de Van Gogh	La playa
La Oreja de Van Gogh	Muñeca de trapo
La Oreja de Van Gogh	Puedes contar conmigo
La Oreja de Van Gogh	Rosas
La Roux	Bulletproof
La Roux	In for the Kill
Labelle	Lady Marmalade
Lady A	Bartender
Lady A	Need You Now
Lady Gaga	Abracadabra
Lady Gaga	Alejandro
Lady Gaga	Applause
Lady Gaga	Bad Romance
Lady Gaga	Born This Way
Lady Gaga	The Edge of Glory
Lady Gaga	Just Dance (feat. Colby O'Donis)
Lady Gaga	Million Reasons
Lady Gaga	Paparazzi
Lady Gaga	Poker Face
Lady Gaga	Telephone (feat. Beyoncé)
Lady Gaga	You and I
Lady Gaga & Bradley Cooper	Shallow
Lady Gaga & Bruno Mars	Die with a Smile
Lady Pank	Kryzysowa narzeczona
Lady Pank	Mniej niż zero
Lady Pank	Zawsze tam, gdzie ty
Lainey Wilson	Heart Like a Truck
Lainey Wilson	Watermelon Moonshine
Lana Del Rey	Born to Die
Lana Del Rey	Summertime Sadness
Lana Del Rey	Video Games
Lana Del Rey	Young and Beautiful
Lara Fabian	Je t'aime
Lara Fabian	Tout
L'Arc〜en〜Ciel	flower
L'Arc〜en〜Ciel	HONEY
L'Arc〜en〜Ciel	NEO UNIVERSE
L'Arc〜en〜Ciel	READY STEADY GO
L'Arc〜en〜Ciel	虹
The La's	There She Goes
Las Ketchup	Aserejé (The Ketchup Song)
Lata Mangeshkar	अजीब दास्ताँ है ये
Lata Mangeshkar	लग जा गले
Laura Branigan	Gloria
Laura Branigan	How Am I Supposed to Live Without You
Laura Branigan	Self Control
Laura Pausini	Incancellabile
Laura Pausini	Io canto
Laura Pausini	La solitudine
Laura Pausini	Non c'è
Laura Pausini	Strani amori
Laura Pausini	Tra te e il mare
Lauryn Hill	Doo Wop (That Thing)
Lauryn Hill	Ex-Factor
Leandro & Leonardo	Entre tapas e beijos
Leandro & Leonardo	Pense em mim
LeAnn Rimes	Blue
LeAnn Rimes	Can't Fight the Moonlight
LeAnn Rimes	How Do I Live
Led Zeppelin	Black Dog
Led Zeppelin	D'yer Mak'er
Led Zeppelin	Going to California
Led Zeppelin	Good Times Bad Times
Led Zeppelin	Immigrant Song
Led Zeppelin	Kashmir
Led Zeppelin	Rock and Roll
Led Zeppelin	Stairway to Heaven
Led Zeppelin	Whole Lotta Love
Legião Urbana	Eduardo e Mônica
Legião Urbana	Faroeste caboclo
Legião Urbana	Há tempos
Legião Urbana	Índios
Legião Urbana	Pais e filhos
Legião Urbana	Que país é este
Legião Urbana	Tempo perdido
Len	Steal My Sunshine
Lena	Satellite
Lenny Kravitz	Again
Lenny Kravitz	American Woman
Lenny Kravitz	Are You Gonna Go My Way
Lenny Kravitz	Fly Away
Lenny Kravitz	It Ain't Over 'til It's Over
Leona Lewis	Better in Time
Leona Lewis	Bleeding Love
Leonard Cohen	Bird on the Wire
Leonard Cohen	Dance Me to the End of Love
Leonard Cohen	Famous Blue Raincoat
Leonard Cohen	Hallelujah
Leonard Cohen	I'm Your Man
Leonard Cohen	Suzanne
Lepa Brena	Čačak, Čačak
Lepa Brena	Jugoslovenka
Les Cowboys Fringants	L'Amérique pleure
Les Cowboys Fringants	Les étoiles filantes
Les Cowboys Fringants	Plus rien
Les Innocents	Un homme extraordinaire
Lesley Gore	It's My Party
Lesley Gore	You Don't Own Me
Level 42	Lessons in Love
Level 42	Running in the Family
Lewis Capaldi	Before You Go
Lewis Capaldi	Bruises
Lewis Capaldi	Someone You Loved
LFO	Summer Girls
The Libertines	Can't Stand Me Now
The Libertines	Don't Look Back into the Sun
Lifehouse	Hanging by a Moment
Lifehouse	You and Me
Ligabue	Certe notti
Ligabue	Piccola stella senza cielo
Ligabue	Urlando contro il cielo
Lighthouse Family	High
Lighthouse Family	Lifted
Lil Jon & The East Side Boyz	Get Low (feat. Ying Yang Twins)
Lil Nas X	MONTERO (Call Me by Your Name)
Lil Nas X	That's What I Want
Lil Nas X feat. Billy Ray Cyrus	Old Town Road (Remix)
Lily Allen	The Fear
Lily Allen	F**k You
Lily Allen	LDN
Lily Allen	Smile
Limp Bizkit	Break Stuff
Limp Bizkit	Nookie
Limp Bizkit	Rollin' (Air Raid Vehicle)
Linda Ronstadt	Blue Bayou
Linda Ronstadt	When Will I Be Loved
Linda Ronstadt	You're No Good
Lindsay Lohan	Rumors
Linkin Park	Breaking the Habit
Linkin Park	Crawling
Linkin Park	Faint
Linkin Park	In the End
Linkin Park	Numb
Linkin Park	One Step Closer
Linkin Park	What I've Done
Lionel Richie	All Night Long (All Night)
Lionel Richie	Dancing on the Ceiling
Lionel Richie	Hello
Lionel Richie	Say You, Say Me
Lionel Richie	Stuck on You
Lionel Richie	Truly
Lipps, Inc.	Funkytown
LiSA	crossing field
LiSA	Rising Hope
LiSA	炎
LiSA	紅蓮華
Lisa Lisa & Cult Jam	Head to Toe
Lisa Lisa & Cult Jam	Lost in Emotion
Lisa Loeb & Nine Stories	Stay (I Missed You)
Lit	My Own Worst Enemy
Lita Ford & Ozzy Osbourne	Close My Eyes Forever
Little Big Town	Girl Crush
Little Big Town	Pontoon
Little Eva	The Loco-Motion
Little Mix	Black Magic
Little Mix	Shout Out to My Ex
Little Mix	Wings
Little Richard	Good Golly, Miss Molly
Little Richard	Long Tall Sally
Little Richard	Lucille
Little Richard	Tutti Frutti
Little River Band	Cool Change
Little River Band	Reminiscing
Live	I Alone
Live	Lightning Crashes
Living in a Box	Living in a Box
Living in a Box	Room in Your Heart
Liza Minnelli	Cabaret
Liza Minnelli	Maybe This Time
Lizzo	About Damn Time
Lizzo	Good as Hell
Lizzo	Juice
Lizzo	Truth Hurts
LMFAO	Party Rock Anthem (feat. Lauren Bennett & GoonRock)
LMFAO	Sexy and I Know It
The Lonely Island	I'm on a Boat (feat. T-Pain)
Lonestar	Amazed
Lonestar	I'm Already There
Looking Glass	Brandy (You're a Fine Girl)
Lorde	Green Light
Lorde	Ribs
Lorde	Royals
Lorde	Team
Lordi	Hard Rock Hallelujah
Loredana Bertè	E la luna bussò
Loredana Bertè	Non sono una signora
Loredana Bertè	Sei bellissima
Loreen	Euphoria
Loreen	Tattoo
Loren Allred	Never Enough
Loretta Lynn	Coal Miner's Daughter
Loretta Lynn	Fist City
Loretta Lynn	You Ain't Woman Enough (To Take My Man)
Los Ángeles Azules	17 años
Los Ángeles Azules	Cómo te voy a olvidar
Los Ángeles Azules	Nunca es suficiente (feat. Natalia Lafourcade)
Los Auténticos Decadentes	Corazón
Los Auténticos Decadentes	La guitarra
Los Auténticos Decadentes	Loco (Tu forma de ser)
Los Bukis	Quiéreme
Los Bukis	Si no te hubieras ido
Los Bukis	Tu cárcel
Los del Río	Macarena
Los Enanitos Verdes	La muralla verde
Los Enanitos Verdes	Lamento boliviano
Los Enanitos Verdes	Por el resto
Los Fabulosos Cadillacs	Mal bicho
Los Fabulosos Cadillacs	Matador
Los Fabulosos Cadillacs	Vasos vacíos (feat. Celia Cruz)
Los Lobos	La Bamba
Los Tigres del Norte	Contrabando y traición
Los Tigres del Norte	Jefe de jefes
Los Tigres del Norte	La puerta negra
Lou Bega	Mambo No. 5 (A Little Bit of...)
Lou Reed	Perfect Day
Lou Reed	Satellite of Love
Lou Reed	Walk on the Wild Side
Louane	Avenir
Louane	Jour 1
Louis Armstrong	A Kiss to Build a Dream On
Louis Armstrong	Hello, Dolly!
Louis Armstrong	We Have All the Time in the World
Louis Armstrong	What a Wonderful World
Louis Armstrong	When the Saints Go Marching In
Loverboy	Turn Me Loose
Loverboy	Working for the Weekend
The Lovin' Spoonful	Daydream
The Lovin' Spoonful	Do You Believe in Magic
The Lovin' Spoonful	Summer in the City
Luciano Pavarotti	Nessun dorma
Luciano Pavarotti	'O sole mio
Lucie	Amerika
Lucie	Chci zas v tobě spát
Lucio Battisti	Acqua azzurra, acqua chiara
Lucio Battisti	Ancora tu
Lucio Battisti	Emozioni
Lucio Battisti	I giardini di marzo
Lucio Battisti	Il mio canto libero
Lucio Battisti	La canzone del sole
Lucio Dalla	4/3/1943
Lucio Dalla	Attenti al lupo
Lucio Dalla	Caruso
Lucio Dalla	L'anno che verrà
Lucio Dalla	Piazza Grande
Luis Fonsi	Échame la culpa (feat. Demi Lovato)
Luis Fonsi	No me doy por vencido
Luis Fonsi feat. Daddy Yankee	Despacito
Luis Miguel	Ahora te puedes marchar
Luis Miguel	Cuando calienta el sol
Luis Miguel	Entrégate
Luis Miguel	Hasta que me olvides
Luis Miguel	La bikina
Luis Miguel	La incondicional
Luis Miguel	La media vuelta
Luis Miguel	No sé tú
Luis Miguel	Suave
Luiz Gonzaga	Asa branca
Luiz Gonzaga	O xote das meninas
Lukas Graham	7 Years
Lukas Graham	Drunk in the Morning
Lukas Graham	Mama Said
Luke Bryan	Country Girl (Shake It for Me)
Luke Bryan	Drunk on You
Luke Bryan	Play It Again
Luke Combs	Beautiful Crazy
Luke Combs	Beer Never Broke My Heart
Luke Combs	Fast Car
Luke Combs	Hurricane
Luke Combs	When It Rains It Pours
Lulu	Boom Bang-a-Bang
Lulu	Shout
Lulu	To Sir, with Love
The Lumineers	Ho Hey
The Lumineers	Ophelia
The Lumineers	Stubborn Love
Luther Ingram	(If Loving You Is Wrong) I Don't Want to Be Right
Luther Vandross	Dance with My Father
Luther Vandross	Here and Now
Luther Vandross	Never Too Much
Lynn Anderson	(I Never Promised You a) Rose Garden
Lynyrd Skynyrd	Free Bird
Lynyrd Skynyrd	Gimme Three Steps
Lynyrd Skynyrd	Simple Man
Lynyrd Skynyrd	Sweet Home Alabama
Lynyrd Skynyrd	That Smell
Lynyrd Skynyrd	Tuesday's Gone
M People	Moving On Up
M People	Search for the Hero
Macy Gray	I Try
Madness	Baggy Trousers
Madness	House of Fun
Madness	It Must Be Love
Madness	One Step Beyond
Madness	Our House
Madonna	Borderline
Madonna	Crazy for You
Madonna	Don't Cry for Me Argentina
Madonna	Express Yourself
Madonna	Frozen
Madonna	Holiday
Madonna	Hung Up
Madonna	Into the Groove
Madonna	La isla bonita
Madonna	Like a Prayer
Madonna	Like a Virgin
Madonna	Live to Tell
Madonna	Material Girl
Madonna	Music
Madonna	Papa Don't Preach
Madonna	Ray of Light
Madonna	True Blue
Madonna	Vogue
Madredeus	Haja o que houver
Madredeus	O pastor
Mahmood	Soldi
Mahmood & Blanco	Brividi
Maisie Peters	Psycho
The Mamas & The Papas	California Dreamin'
The Mamas & The Papas	Dedicated to the One I Love
The Mamas & The Papas	Dream a Little Dream of Me
The Mamas & The Papas	Monday, Monday
Mamonas Assassinas	Pelados em Santos
Mamonas Assassinas	Robocop gay
Mamonas Assassinas	Vira-vira
Maná	Bendita tu luz
Maná	Clavado en un bar
Maná	De pies a cabeza
Maná	En el muelle de San Blas
Maná	Labios compartidos
Maná	Mariposa traicionera
Maná	Oye mi amor
Maná	Rayando el sol
Maná	Vivir sin aire
Mandy Moore	Candy
Måneskin	Beggin'
Måneskin	I Wanna Be Your Slave
Måneskin	Torna a casa
Måneskin	Zitti e buoni
Manfred Mann	Do Wah Diddy Diddy
Mani Matter	Hemmige
Manic Street Preachers	A Design for Life
Manic Street Preachers	If You Tolerate This Your Children Will Be Next
Manu Chao	Bongo Bong
Manu Chao	Clandestino
Manu Chao	Me gustas tú
Marc Anthony	Flor pálida
Marc Anthony	I Need to Know
Marc Anthony	Valió la pena
Marc Anthony	Vivir mi vida
Marc Anthony	Y hubo alguien
Marco Antonio Solís	Más que tu amigo
Marco Antonio Solís	O me voy o te vas
Marco Antonio Solís	Si no te hubieras ido
Marco Borsato	Dromen zijn bedrog
Marco Borsato	Rood
Marco Mengoni	Due vite
Marco Mengoni	L'essenziale
Marcy Playground	Sex and Candy
Mariah Carey	All I Want for Christmas Is You
Mariah Carey	Always Be My Baby
Mariah Carey	Emotions
Mariah Carey	Fantasy
Mariah Carey	Heartbreaker (feat. Jay-Z)
Mariah Carey	Hero
Mariah Carey	My All
Mariah Carey	Vision of Love
Mariah Carey	We Belong Together
Mariah Carey	Without You
Mariah Carey & Boyz II Men	One Sweet Day
Marianne Rosenberg	Er gehört zu mir
Marianne Rosenberg	Marleen
Marília Mendonça	De quem é a culpa?
Marília Mendonça	Infiel
Marília Mendonça	Supera
Marília Mendonça	Todo mundo vai sofrer
Marisa Monte	Ainda bem
Marisa Monte	Amor I Love You
Marisa Monte	Beija eu
Marisa Monte	Bem que se quis
Mariza	Ó gente da minha terra
Mariza	Quem me dera
Mark Chesnutt	Bubba Shot the Jukebox
Mark Forster	Au Revoir (feat. Sido)
Mark Forster	Chöre
Mark Forster	Wir sind groß
Mark Ronson feat. Amy Winehouse	Valerie
Mark Ronson feat. Bruno Mars	Uptown Funk
Markus	Ich will Spaß
Marlene Dietrich	Ich bin von Kopf bis Fuß auf Liebe eingestellt
Marlene Dietrich	Lili Marleen
Marlene Dietrich	Sag mir, wo die Blumen sind
Maroon 5	Girls Like You (feat. Cardi B)
Maroon 5	Memories
Maroon 5	Moves Like Jagger (feat. Christina Aguilera)
Maroon 5	Payphone (feat. Wiz Khalifa)
Maroon 5	She Will Be Loved
Maroon 5	Sugar
Maroon 5	Sunday Morning
Maroon 5	This Love
The Marshall Tucker Band	Can't You See
Martha and the Vandellas	Dancing in the Street
Martha and the Vandellas	(Love Is Like a) Heat Wave
Martha and the Vandellas	Nowhere to Run
Martina McBride	A Broken Wing
Martina McBride	Independence Day
Martina McBride	This One's for the Girls
Marty Robbins	A White Sport Coat (And a Pink Carnation)
Marty Robbins	Big Iron
Marty Robbins	El Paso
The Marvelettes	Please Mr. Postman
Marvin Gaye	How Sweet It Is (To Be Loved by You)
Marvin Gaye	I Heard It Through the Grapevine
Marvin Gaye	Let's Get It On
Marvin Gaye	Mercy Mercy Me (The Ecology)
Marvin Gaye	Sexual Healing
Marvin Gaye	What's Going On
Marvin Gaye & Tammi Terrell	Ain't No Mountain High Enough
Marvin Gaye & Tammi Terrell	Ain't Nothing Like the Real Thing
Mary Chapin Carpenter	Down at the Twist and Shout
Mary Chapin Carpenter	Passionate Kisses
Mary J. Blige	Be Without You
Mary J. Blige	Family Affair
Mary J. Blige	Real Love
Mary Wells	My Guy
Maryla Rodowicz	Kolorowe jarmarki
Maryla Rodowicz	Małgośka
Maryla Rodowicz	Niech żyje bal
Massimo Ranieri	Perdere l'amore
Massimo Ranieri	Rose rosse
Master KG feat. Nomcebo Zikode	Jerusalema
Matchbox Twenty	3AM
Matchbox Twenty	If You're Gone
Matchbox Twenty	Push
Matchbox Twenty	Real World
Matchbox Twenty	Unwell
Matia Bazar	Solo tu
Matia Bazar	Ti sento
Matia Bazar	Vacanze romane
Matt Monro	Born Free
Matt Monro	Walk Away
Matthias Reim	Verdammt, ich lieb' dich
Max Giesinger	80 Millionen
Max Giesinger	Wenn sie tanzt
Maxwell	Ascension (Don't Ever Wonder)
MC Hammer	U Can't Touch This
M.C the MAX	그대가 분다
M.C the MAX	어디에도
M.C the MAX	잠시만 안녕
Meat Loaf	Bat Out of Hell
Meat Loaf	I'd Do Anything for Love (But I Won't Do That)
Meat Loaf	Paradise by the Dashboard Light
Meat Loaf	Two Out of Three Ain't Bad
Meat Loaf	You Took the Words Right Out of My Mouth (Hot Summer Night)
Mecano	Cruz de navajas
Mecano	Hijo de la luna
Mecano	Hoy no me puedo levantar
Mecano	La fuerza del destino
Mecano	Me cuesta tanto olvidarte
Mecano	Mujer contra mujer
Medina	Kun for mig
Medina	You and I
Meduza feat. Goodboys	Piece of Your Heart
Megan Thee Stallion	Savage (feat. Beyoncé)
Meghan Trainor	All About That Bass
Meghan Trainor	Dear Future Husband
Meghan Trainor	Lips Are Movin
Melissa Etheridge	Bring Me Some Water
Melissa Etheridge	Come to My Window
Melissa Etheridge	I'm the Only One
Men at Work	Down Under
Men at Work	Overkill
Men at Work	Who Can It Be Now?
Men Without Hats	The Safety Dance
Mercedes Sosa	Alfonsina y el mar
Mercedes Sosa	Gracias a la vida
Mercedes Sosa	Todo cambia
Meredith Brooks	Bitch
Merle Haggard	The Fightin' Side of Me
Merle Haggard	Mama Tried
Merle Haggard	Okie from Muskogee
Merle Haggard	Silver Wings
Metallica	Enter Sandman
Metallica	Fade to Black
Metallica	For Whom the Bell Tolls
Metallica	Master of Puppets
Metallica	Nothing Else Matters
Metallica	One
Metallica	Sad but True
Metallica	The Unforgiven
MGMT	Electric Feel
MGMT	Kids
MGMT	Time to Pretend
Mia Martini	Almeno tu nell'universo
Mia Martini	Minuetto
Mia Martini	Piccolo uomo
Michael Bolton	How Am I Supposed to Live Without You
Michael Bolton	Said I Loved You... but I Lied
Michael Bolton	When a Man Loves a Woman
Michael Bublé	Cry Me a River
Michael Bublé	Everything
Michael Bublé	Feeling Good
Michael Bublé	Haven't Met You Yet
Michael Bublé	Home
Michael Bublé	It's a Beautiful Day
Michael Bublé	Sway
Michael Crawford	The Music of the Night
Michael Jackson	Bad
Michael Jackson	Beat It
Michael Jackson	Ben
Michael Jackson	Billie Jean
Michael Jackson	Black or White
Michael Jackson	Dirty Diana
Michael Jackson	Don't Stop 'Til You Get Enough
Michael Jackson	Earth Song
Michael Jackson	Heal the World
Michael Jackson	Human Nature
Michael Jackson	Man in the Mirror
Michael Jackson	P.Y.T. (Pretty Young Thing)
Michael Jackson	Rock with You
Michael Jackson	Smooth Criminal
Michael Jackson	They Don't Care About Us
Michael Jackson	Thriller
Michael Jackson	Wanna Be Startin' Somethin'
Michael Jackson	The Way You Make Me Feel
Michael Jackson	You Are Not Alone
Michel Sardou	En chantant
Michel Sardou	Être une femme
Michel Sardou	Je vais t'aimer
Michel Sardou	La maladie d'amour
Michel Sardou	Les lacs du Connemara
Michel Teló	Ai se eu te pego!
Michel Teló	Fugidinha
Michelle Branch	All You Wanted
Michelle Branch	Everywhere
Mickie Krause	Schatzi, schenk mir ein Foto
Midnight Oil	Beds Are Burning
Miguel Bosé	Amante bandido
Miguel Bosé	Bambú
Miguel Bosé	Morena mía
Miguel Bosé	Te amaré
Mika	Grace Kelly
Mika	Love Today
Mika	Relax, Take It Easy
Mike + The Mechanics	The Living Years
Mike + The Mechanics	Over My Shoulder
Miley Cyrus	The Climb
Miley Cyrus	Flowers
Miley Cyrus	Party in the U.S.A.
Miley Cyrus	We Can't Stop
Miley Cyrus	Wrecking Ball
The Mills Brothers	Paper Doll
The Mills Brothers	You Always Hurt the One You Love
Mina	Grande grande grande
Mina	Le mille bolle blu
Mina	Parole parole (feat. Alberto Lupo)
Mina	Se telefonando
Mina	Tintarella di luna
Minnie Riperton	Lovin' You
Miranda Lambert	Gunpowder & Lead
Miranda Lambert	The House That Built Me
Miranda Lambert	Kerosene
Miranda Lambert	Mama's Broken Heart
Miriam Makeba	Pata Pata
Miriam Makeba	Qongqothwane (The Click Song)
MIRROR	BOSS
MIRROR	Warrior
MISIA	Everything
MISIA	アイノカタチ (feat. HIDE)
MISIA	逢いたくていま
Missy Elliott	Get Ur Freak On
Missy Elliott	Work It
Modern English	I Melt with You
Modern Talking	Brother Louie
Modern Talking	Cheri, Cheri Lady
Modern Talking	You're My Heart, You're My Soul
Molly Hatchet	Flirtin' with Disaster
Molotov	Frijolero
Molotov	Gimme tha Power
Molotov	Puto
Mon Laferte	Amárrame (feat. Juanes)
Mon Laferte	Mi buen amor
Mon Laferte	Tu falta de querer
MONGOL800	あなたに
MONGOL800	小さな恋のうた
The Monkees	Daydream Believer
The Monkees	I'm a Believer
The Monkees	(I'm Not Your) Steppin' Stone
The Monkees	Last Train to Clarksville
Montell Jordan	This Is How We Do It
Monty Python	Always Look on the Bright Side of Life
Moody Blues	Nights in White Satin
Moody Blues	Tuesday Afternoon
Moody Blues	Your Wildest Dreams
Morgan Wallen	Last Night
Morgan Wallen	Wasted on You
Morgan Wallen	Whiskey Glasses
Mötley Crüe	Dr. Feelgood
Mötley Crüe	Girls, Girls, Girls
Mötley Crüe	Home Sweet Home
Mötley Crüe	Kickstart My Heart
Mötley Crüe	Shout at the Devil
Mötley Crüe	Wild Side
Motörhead	Ace of Spades
Motörhead	Overkill
Mountain	Mississippi Queen
Mr. Big	To Be with You
Mr. Mister	Broken Wings
Mr. Mister	Kyrie
Mr.Children	HANABI
Mr.Children	innocent world
Mr.Children	Tomorrow never knows
Mr.Children	しるし
Mr.Children	名もなき詩
Mr.Children	終わりなき旅
Mrs. GREEN APPLE	インフェルノ
Mrs. GREEN APPLE	ケセラセラ
Mrs. GREEN APPLE	ダンスホール
Mrs. GREEN APPLE	ライラック
Mrs. GREEN APPLE	点描の唄 (feat. 井上苑子)
Mrs. GREEN APPLE	青と夏
Mud	Lonely This Christmas
Mud	Tiger Feet
Mumford & Sons	The Cave
Mumford & Sons	I Will Wait
Mumford & Sons	Little Lion Man
Münchener Freiheit	Ohne dich (schlaf' ich heut' Nacht nicht ein)
Münchener Freiheit	Tausendmal du
Mungo Jerry	In the Summertime
Murray Head	One Night in Bangkok
Muse	Feeling Good
Muse	Knights of Cydonia
Muse	Plug In Baby
Muse	Starlight
Muse	Supermassive Black Hole
Muse	Time Is Running Out
Muse	Uprising
Musical Youth	Pass the Dutchie
My Chemical Romance	Famous Last Words
My Chemical Romance	Helena
My Chemical Romance	I'm Not Okay (I Promise)
My Chemical Romance	Teenagers
My Chemical Romance	Welcome to the Black Parade
Mylène Farmer	Désenchantée
Mylène Farmer	Libertine
Mylène Farmer	Sans contrefaçon
Namika	Je ne parle pas français
Namika	Lieblingsmensch
Nana Mouskouri	Guten Morgen, Sonnenschein
Nana Mouskouri	Weiße Rosen aus Athen
Nancy Sinatra	Bang Bang (My Baby Shot Me Down)
Nancy Sinatra	These Boots Are Made for Walkin'
Nancy Sinatra	You Only Live Twice
Nancy Sinatra & Frank Sinatra	Somethin' Stupid
Nat King Cole	The Christmas Song (Merry Christmas to You)
Nat King Cole	L-O-V-E
Nat King Cole	Mona Lisa
Nat King Cole	Nature Boy
Nat King Cole	Smile
Nat King Cole	Unforgettable
Nat King Cole	When I Fall in Love
Natalia Lafourcade	Hasta la raíz
Natalia Lafourcade	Tú sí sabes quererme
Natalie Imbruglia	Torn
Natasha Bedingfield	Pocketful of Sunshine
Natasha Bedingfield	These Words
Natasha Bedingfield	Unwritten
Naughty by Nature	Hip Hop Hooray
Naughty by Nature	O.P.P.
Nazareth	Hair of the Dog
Nazareth	Love Hurts
Neil Diamond	America
Neil Diamond	Cherry, Cherry
Neil Diamond	Cracklin' Rosie
Neil Diamond	Forever in Blue Jeans
Neil Diamond	Hello Again
Neil Diamond	Holly Holy
Neil Diamond	I Am... I Said
Neil Diamond	Love on the Rocks
Neil Diamond	Red Red Wine
Neil Diamond	Solitary Man
Neil Diamond	Song Sung Blue
Neil Diamond	Sweet Caroline
Neil Diamond & Barbra Streisand	You Don't Bring Me Flowers
Neil Sedaka	Breaking Up Is Hard to Do
Neil Sedaka	Calendar Girl
Neil Sedaka	Laughter in the Rain
Neil Sedaka	Oh! Carol
Neil Young	Harvest Moon
Neil Young	Heart of Gold
Neil Young	Like a Hurricane
Neil Young	Old Man
Neil Young	Rockin' in the Free World
Nek	Fatti avanti amore
Nek	Laura non c'è
Nelly	Hot in Herre
Nelly	Ride Wit Me (feat. City Spud)
Nelly Furtado	I'm Like a Bird
Nelly Furtado	Maneater
Nelly Furtado	Promiscuous (feat. Timbaland)
Nelly Furtado	Say It Right
Nelson	(Can't Live Without Your) Love and Affection
Nemo	The Code
Nena	99 Luftballons
Nena	Irgendwie, irgendwo, irgendwann
Nena	Leuchtturm
Nena	Nur geträumt
Nena & Kim Wilde	Anyplace, Anywhere, Anytime
Neon Trees	Animal
Neon Trees	Everybody Talks
Neoton Família	Holnap hajnalig
Neoton Família	Santa Maria
New Found Glory	My Friends Over You
New Kids on the Block	Hangin' Tough
New Kids on the Block	Step by Step
New Kids on the Block	You Got It (The Right Stuff)
New Order	Bizarre Love Triangle
New Order	Blue Monday
New Order	True Faith
New Radicals	You Get What You Give
Ne-Yo	Closer
Ne-Yo	Miss Independent
Ne-Yo	So Sick
Nick Cave & Kylie Minogue	Where the Wild Roses Grow
Nickelback	Far Away
Nickelback	How You Remind Me
Nickelback	Photograph
Nickelback	Rockstar
Nickelback	Someday
Nicki Minaj	Anaconda
Nicki Minaj	Starships
Nicki Minaj	Super Bass
Nicky Jam & Enrique Iglesias	El perdón
Nicole	Ein bißchen Frieden
Night Ranger	Sister Christian
Night Ranger	(You Can Still) Rock in America
Nightwish	Nemo
Nightwish	Wish I Had an Angel
Nik Kershaw	The Riddle
Nik Kershaw	Wouldn't It Be Good
Nina Simone	Ain't Got No, I Got Life
Nina Simone	Don't Let Me Be Misunderstood
Nina Simone	Feeling Good
Nina Simone	I Put a Spell on You
Nina Simone	My Baby Just Cares for Me
Nina Simone	Sinnerman
Nine Days	Absolutely (Story of a Girl)
Nine Inch Nails	Closer
Nine Inch Nails	Head Like a Hole
Nine Inch Nails	Hurt
Nino Bravo	América, América
Nino Bravo	Libre
Nino Bravo	Noelia
Nino Bravo	Te quiero, te quiero
Nino Bravo	Un beso y una flor
Nirvana	About a Girl
Nirvana	All Apologies
Nirvana	Come as You Are
Nirvana	Heart-Shaped Box
Nirvana	In Bloom
Nirvana	Lithium
Nirvana	Rape Me
Nirvana	Smells Like Teen Spirit
No Doubt	Don't Speak
No Doubt	It's My Life
No Doubt	Just a Girl
No Doubt	Spiderwebs
No Doubt	Sunday Morning
Noah Kahan	Dial Drunk
Noah Kahan	Stick Season
Norah Jones	Come Away with Me
Norah Jones	Don't Know Why
Norah Jones	Sunrise
Norman Greenbaum	Spirit in the Sky
The Notorious B.I.G.	Hypnotize
The Notorious B.I.G.	Juicy
The Notorious B.I.G.	Mo Money Mo Problems (feat. Puff Daddy & Mase)
*NSYNC	Bye Bye Bye
*NSYNC	It's Gonna Be Me
*NSYNC	Tearin' Up My Heart
*NSYNC	This I Promise You
Nu Shooz	I Can't Wait
N.W.A	Straight Outta Compton
The Oak Ridge Boys	Bobbie Sue
The Oak Ridge Boys	Elvira
Oasis	Champagne Supernova
Oasis	Don't Look Back in Anger
Oasis	Half the World Away
Oasis	Live Forever
Oasis	Roll with It
Oasis	Some Might Say
Oasis	Stand by Me
Oasis	Stop Crying Your Heart Out
Oasis	Supersonic
Oasis	Wonderwall
Odyssey	Native New Yorker
Odyssey	Use It Up and Wear It Out
Of Monsters and Men	Dirty Paws
Of Monsters and Men	Little Talks
Official髭男dism	I LOVE...
Official髭男dism	Pretender
Official髭男dism	Subtitle
Official髭男dism	イエスタデイ
Official髭男dism	ミックスナッツ
Official髭男dism	宿命
The Offspring	Come Out and Play (Keep 'Em Separated)
The Offspring	The Kids Aren't Alright
The Offspring	Pretty Fly (For a White Guy)
The Offspring	Self Esteem
The Offspring	Why Don't You Get a Job?
Ofra Haza	Im Nin'Alu
Ofra Haza	חי
The O'Jays	Back Stabbers
The O'Jays	Love Train
Olavi Virta	Satumaa
Olavi Virta	Täysikuu
Old Crow Medicine Show	Wagon Wheel
Oliver Anthony Music	Rich Men North of Richmond
Oliver Dragojević	Cesarica
Oliver Dragojević	Skalinada
Oliver Dragojević	Vjeruj u ljubav
Olivia Newton-John	Hopelessly Devoted to You
Olivia Newton-John	Magic
Olivia Newton-John	Physical
Olivia Newton-John	Xanadu
Olivia Rodrigo	bad idea right?
Olivia Rodrigo	deja vu
Olivia Rodrigo	drivers license
Olivia Rodrigo	get him back!
Olivia Rodrigo	good 4 u
Olivia Rodrigo	traitor
Olivia Rodrigo	vampire
OMC	How Bizarre
Omega	Gyöngyhajú lány
One Direction	Best Song Ever
One Direction	Drag Me Down
One Direction	Little Things
One Direction	Story of My Life
One Direction	What Makes You Beautiful
ONE OK ROCK	The Beginning
ONE OK ROCK	Wherever you are
ONE OK ROCK	完全感覚Dreamer
OneRepublic	Apologize
OneRepublic	Counting Stars
OneRepublic	I Ain't Worried
OneRepublic	Secrets
OneRepublic	Stop and Stare
Opus	Live Is Life
ORANGE RANGE	イケナイ太陽
ORANGE RANGE	ロコローション
ORANGE RANGE	以心伝心
ORANGE RANGE	花
Orchestral Manoeuvres in the Dark	Enola Gay
Orchestral Manoeuvres in the Dark	If You Leave
Orchestral Manoeuvres in the Dark	Maid of Orleans (The Waltz Joan of Arc)
Original Broadway Cast of Hamilton	Alexander Hamilton
Original Broadway Cast of Hamilton	My Shot
Original Broadway Cast of Hamilton	The Room Where It Happens
Original Broadway Cast of Hamilton	Satisfied
Original Broadway Cast of Hamilton	You'll Be Back
Orleans	Dance with Me
Orleans	Still the One
Ornella Vanoni	Domani è un altro giorno
Ornella Vanoni	L'appuntamento
Ornella Vanoni	Senza fine
Os Paralamas do Sucesso	Alagados
Os Paralamas do Sucesso	Aonde quer que eu vá
Os Paralamas do Sucesso	Lanterna dos afogados
Os Paralamas do Sucesso	Meu erro
Os Paralamas do Sucesso	Óculos
Otis Redding	I've Been Loving You Too Long
Otis Redding	(Sittin' On) The Dock of the Bay
Otis Redding	These Arms of Mine
Otis Redding	Try a Little Tenderness
O-Town	All or Nothing
OutKast	Hey Ya!
OutKast	Ms. Jackson
OutKast	Roses
Owl City	Fireflies
O-Zone	Despre tine
O-Zone	Dragostea din tei
Ozzy Osbourne	Crazy Train
Ozzy Osbourne	Mama, I'm Coming Home
Ozzy Osbourne	No More Tears
Pam Tillis	Maybe It Was Memphis
Panic! At The Disco	High Hopes
Panic! At The Disco	I Write Sins Not Tragedies
Panic! At The Disco	Nine in the Afternoon
Panic! At The Disco	Say Amen (Saturday Night)
Panic! At The Disco	Victorious
Paolo Conte	Sotto le stelle del jazz
Paolo Conte	Via con me (It's wonderful)
Paolo Nutini	Candy
Paolo Nutini	Jenny Don't Be Hasty
Paolo Nutini	Last Request
Papa Roach	Last Resort
Papa Roach	Scars
Paquita la del Barrio	Cheque en blanco
Paquita la del Barrio	Rata de dos patas
Paramore	Ain't It Fun
Paramore	Decode
Paramore	Misery Business
Paramore	The Only Exception
Paramore	Still into You
Paramore	That's What You Get
Parni valjak	Jesen u meni
Parni valjak	Sve još miriše na nju
Passenger	Let Her Go
Pat Benatar	Heartbreaker
Pat Benatar	Hit Me with Your Best Shot
Pat Benatar	Love Is a Battlefield
Pat Benatar	Shadows of the Night
Pat Benatar	We Belong
Patent Ochsner	Bälpmoos
Patent Ochsner	W. Nuss vo Bümpliz
Patrice Rushen	Forget Me Nots
Patricia Kaas	Mademoiselle chante le blues
Patricia Kaas	Mon mec à moi
Patrick Swayze	She's Like the Wind
Patsy Cline	Back in Baby's Arms
Patsy Cline	Crazy
Patsy Cline	I Fall to Pieces
Patsy Cline	She's Got You
Patsy Cline	Sweet Dreams (Of You)
Patsy Cline	Walkin' After Midnight
Patti LaBelle & Michael McDonald	On My Own
Patti LuPone	Don't Cry for Me Argentina
Patti Page	(How Much Is) That Doggie in the Window?
Patti Page	Tennessee Waltz
Patti Smith	Because the Night
Patti Smith	Gloria
Patty Loveless	Blame It on Your Heart
Patty Loveless	Timber, I'm Falling in Love
Patty Pravo	E dimmi che non vuoi morire
Patty Pravo	La bambola
Patty Pravo	Pazza idea
Paul Anka	Diana
Paul Anka	Lonely Boy
Paul Anka	Put Your Head on My Shoulder
Paul McCartney	Maybe I'm Amazed
Paul McCartney	Wonderful Christmastime
Paul McCartney & Stevie Wonder	Ebony and Ivory
Paul McCartney & Wings	Band on the Run
Paul McCartney & Wings	Jet
Paul McCartney & Wings	Live and Let Die
Paul Simon	50 Ways to Leave Your Lover
Paul Simon	Graceland
Paul Simon	Kodachrome
Paul Simon	Late in the Evening
Paul Simon	Me and Julio Down by the Schoolyard
Paul Simon	You Can Call Me Al
Paul Young	Everytime You Go Away
Paul Young	Wherever I Lay My Hat (That's My Home)
Paula Abdul	Cold Hearted
Paula Abdul	Opposites Attract
Paula Abdul	Rush Rush
Paula Abdul	Straight Up
Paula Cole	I Don't Want to Wait
Paula Cole	Where Have All the Cowboys Gone?
Paulina Rubio	Mío
Paulina Rubio	Ni una sola palabra
Paulina Rubio	Te quise tanto
Paulina Rubio	Y yo sigo aquí
Pearl Jam	Alive
Pearl Jam	Better Man
Pearl Jam	Black
Pearl Jam	Daughter
Pearl Jam	Even Flow
Pearl Jam	Jeremy
Pearl Jam	Last Kiss
Pearl Jam	Yellow Ledbetter
Pedro Abrunhosa	Quem me leva os meus fantasmas
Pedro Abrunhosa	Tudo o que eu te dou
Pedro Infante	Amorcito corazón
Pedro Infante	Bésame mucho
Pedro Infante	Cien años
Peggy Lee	Big Spender
Peggy Lee	Fever
Peggy Lee	Is That All There Is?
The Penguins	Earth Angel (Will You Be Mine)
PEOPLE 1	怪物
Percy Sledge	When a Man Loves a Woman
Perfect	Autobiografia
Perfect	Chcemy być sobą
Perfect	Nie płacz Ewka
Perfume	チョコレイト・ディスコ
Perfume	ポリリズム
Perfume	ワンルーム・ディスコ
Perry Como	Catch a Falling Star
Perry Como	Magic Moments
Perry Como	Papa Loves Mambo
Pet Shop Boys	Always on My Mind
Pet Shop Boys	Domino Dancing
Pet Shop Boys	Go West
Pet Shop Boys	It's a Sin
Pet Shop Boys	West End Girls
Pet Shop Boys	What Have I Done to Deserve This? (feat. Dusty Springfield)
Peter Cetera	Glory of Love
Peter Fox	Alles neu
Peter Fox	Haus am See
Peter Fox	Schwarz zu blau
Peter Gabriel	Big Time
Peter Gabriel	Games Without Frontiers
Peter Gabriel	In Your Eyes
Peter Gabriel	Sledgehammer
Peter Gabriel	Solsbury Hill
Peter Gabriel & Kate Bush	Don't Give Up
Peter Maffay	Du
Peter Maffay	Eiszeit
Peter Maffay	Über sieben Brücken mußt du gehn
Peter Maffay	Und es war Sommer
Peter, Paul and Mary	If I Had a Hammer (The Hammer Song)
Peter, Paul and Mary	Leaving on a Jet Plane
Peter, Paul and Mary	Puff, the Magic Dragon
Peter Schilling	Major Tom (Völlig losgelöst)
Peterpan	Ada Apa Denganmu
Peterpan	Mungkin Nanti
Petula Clark	Don't Sleep in the Subway
Petula Clark	Downtown
Pharrell Williams	Happy
Phil Collins	Against All Odds (Take a Look at Me Now)
Phil Collins	Another Day in Paradise
Phil Collins	Easy Lover (with Philip Bailey)
Phil Collins	In the Air Tonight
Phil Collins	One More Night
Phil Collins	Sussudio
Phil Collins	Two Hearts
Phil Collins	You Can't Hurry Love
Phil Collins	You'll Be in My Heart
Phoenix	1901
Phoenix	Lisztomania
Pimpinela	A esa
Pimpinela	Olvídame y pega la vuelta
Pimpinela	Por ese hombre
Pink Floyd	Another Brick in the Wall, Pt. 2
Pink Floyd	Brain Damage
Pink Floyd	Comfortably Numb
Pink Floyd	Money
Pink Floyd	Shine On You Crazy Diamond
Pink Floyd	Time
Pink Floyd	Wish You Were Here
Pino Daniele	Je so' pazzo
Pino Daniele	Napule è
Pino Daniele	'O scarrafone
Pino Daniele	Quando
Pixies	Here Comes Your Man
Pixies	Monkey Gone to Heaven
Pixies	Where Is My Mind?
Plain White T's	Hey There Delilah
Plastic Bertrand	Ça plane pour moi
The Platters	The Great Pretender
The Platters	My Prayer
The Platters	Only You (And You Alone)
The Platters	Smoke Gets in Your Eyes
Player	Baby Come Back
P!nk	Don't Let Me Get Me
P!nk	Family Portrait
P!nk	F**kin' Perfect
P!nk	Get the Party Started
P!nk	Just Give Me a Reason (feat. Nate Ruess)
P!nk	Just Like a Pill
P!nk	Raise Your Glass
P!nk	So What
P!nk	Try
P!nk	What About Us
P!nk	Who Knew
The Pogues	Dirty Old Town
The Pogues	The Irish Rover
The Pogues feat. Kirsty MacColl	Fairytale of New York
The Pointer Sisters	Fire
The Pointer Sisters	I'm So Excited
The Pointer Sisters	Jump (For My Love)
The Pointer Sisters	Slow Hand
Poison	Every Rose Has Its Thorn
Poison	Nothin' but a Good Time
Poison	Talk Dirty to Me
Poison	Unskinny Bop
The Police	De Do Do Do, De Da Da Da
The Police	Don't Stand So Close to Me
The Police	Every Breath You Take
The Police	Every Little Thing She Does Is Magic
The Police	King of Pain
The Police	Message in a Bottle
The Police	Roxanne
The Police	Walking on the Moon
Popeda	Kuuma kesä
Popeda	Lihaa ja perunaa
Post Malone	Better Now
Post Malone	Circles
Post Malone	Congratulations (feat. Quavo)
Post Malone	Rockstar (feat. 21 Savage)
Post Malone & Swae Lee	Sunflower
Post Malone feat. Morgan Wallen	I Had Some Help
The Postal Service	Such Great Heights
The Pretenders	Back on the Chain Gang
The Pretenders	Brass in Pocket
The Pretenders	Don't Get Me Wrong
The Pretenders	I'll Stand by You
The Pretenders	Middle of the Road
Primal Scream	Loaded
Primal Scream	Rocks
Prince	1999
Prince	I Wanna Be Your Lover
Prince	Kiss
Prince	Let's Go Crazy
Prince	Little Red Corvette
Prince	The Most Beautiful Girl in the World
Prince	Purple Rain
Prince	Raspberry Beret
Prince	When Doves Cry
Prince Royce	Corazón sin cara
Prince Royce	Darte un beso
Prince Royce	Stand by Me
The Proclaimers	I'm Gonna Be (500 Miles)
The Proclaimers	I'm on My Way
The Proclaimers	Sunshine on Leith
Procol Harum	A Whiter Shade of Pale
Pseudo Echo	Funky Town
The Psychedelic Furs	Love My Way
The Psychedelic Furs	Pretty in Pink
Public Enemy	Fight the Power
Puddle of Mudd	Blurry
Puddle of Mudd	She Hates Me
Puff Daddy feat. Faith Evans & 112	I'll Be Missing You
PUFFY	これが私の生きる道
PUFFY	アジアの純真
PUFFY	渚にまつわるエトセトラ
Puhdys	Alt wie ein Baum
Puhdys	Geh zu ihr
Pulp	Common People
Pulp	Disco 2000
Pulp	Do You Remember the First Time?
Purple Schulz	Sehnsucht
Purple Schulz	Verliebte Jungs
The Pussycat Dolls	Buttons
The Pussycat Dolls	Don't Cha (feat. Busta Rhymes)
The Pussycat Dolls	When I Grow Up
Queen	A Kind of Magic
Queen	Another One Bites the Dust
Queen	Bicycle Race
Queen	Bohemian Rhapsody
Queen	Crazy Little Thing Called Love
Queen	Don't Stop Me Now
Queen	Fat Bottomed Girls
Queen	Friends Will Be Friends
Queen	Good Old-Fashioned Lover Boy
Queen	Hammer to Fall
Queen	I Want It All
Queen	I Want to Break Free
Queen	Innuendo
Queen	Killer Queen
Queen	Love of My Life
Queen	One Vision
Queen	The Prophet's Song
Queen	Radio Ga Ga
Queen	Save Me
Queen	Seven Seas of Rhye
Queen	The Show Must Go On
Queen	Somebody to Love
Queen	These Are the Days of Our Lives
Queen	Tie Your Mother Down
Queen	We Are the Champions
Queen	We Will Rock You
Queen	Who Wants to Live Forever
Queen	You're My Best Friend
Queens of the Stone Age	Go with the Flow
Queens of the Stone Age	No One Knows
Quiet Riot	Metal Health (Bang Your Head)
R. Kelly	I Believe I Can Fly
R. Kelly	Ignition (Remix)
Raça Negra	Cheia de manias
Raça Negra	Cigana
Raça Negra	É tarde demais
Rachid Taha	Ya Rayah
Radiohead	Creep
Radiohead	Fake Plastic Trees
Radiohead	High and Dry
Radiohead	Karma Police
Radiohead	No Surprises
Radiohead	Paranoid Android
RADWIMPS	なんでもないや
RADWIMPS	ふたりごと
RADWIMPS	スパークル
RADWIMPS	前前前世
RADWIMPS	有心論
Raf	Cosa resterà degli anni '80
Raf	Self Control
Raffaella Carrà	A far l'amore comincia tu
Raffaella Carrà	Pedro
Raffaella Carrà	Tanti auguri
Raffaella Carrà	Tuca tuca
Rage Against the Machine	Bulls on Parade
Rage Against the Machine	Guerrilla Radio
Rage Against the Machine	Killing in the Name
Rag'n'Bone Man	Human
Rag'n'Bone Man	Skin
Rainhard Fendrich	Es lebe der Sport
Rainhard Fendrich	I Am from Austria
Rainhard Fendrich	Macho Macho
Ram Jam	Black Betty
Rammstein	Deutschland
Rammstein	Du hast
Rammstein	Engel
Rammstein	Ich will
Rammstein	Mein Herz brennt
Rammstein	Ohne dich
Rammstein	Sonne
The Ramones	Blitzkrieg Bop
The Ramones	I Wanna Be Sedated
The Ramones	Rock 'n' Roll High School
The Ramones	Sheena Is a Punk Rocker
Randy Newman	Short People
Randy Newman	You've Got a Friend in Me
Randy Travis	Deeper Than the Holler
Randy Travis	Forever and Ever, Amen
Randy Travis	Three Wooden Crosses
Raphael	Como yo te amo
Raphael	Escándalo
Raphael	Mi gran noche
Raphael	Qué sabe nadie
Raphael	Yo soy aquel
Rascal Flatts	Bless the Broken Road
Rascal Flatts	Life Is a Highway
Rascal Flatts	What Hurts the Most
Ratt	Round and Round
Raul Seixas	Cowboy fora da lei
Raul Seixas	Gita
Raul Seixas	Maluco beleza
Raul Seixas	Metamorfose ambulante
Raul Seixas	Tente outra vez
Ray Charles	Georgia on My Mind
Ray Charles	Hit the Road Jack
Ray Charles	I Can't Stop Loving You
Ray Charles	I Got a Woman
Ray Charles	Unchain My Heart
Ray Charles	What'd I Say
Ray Parker Jr.	Ghostbusters
Ray Stevens	Ahab the Arab
Ray Stevens	The Streak
Razorlight	America
Razorlight	Golden Touch
RBD	Nuestro amor
RBD	Rebelde
RBD	Sálvame
RBD	Sólo quédate en silencio
Reba McEntire	Consider Me Gone
Reba McEntire	Fancy
Reba McEntire	Is There Life Out There
Reba McEntire	The Night the Lights Went Out in Georgia
Rebecca Black	Friday
Red Hot Chili Peppers	By the Way
Red Hot Chili Peppers	Californication
Red Hot Chili Peppers	Can't Stop
Red Hot Chili Peppers	Dani California
Red Hot Chili Peppers	Give It Away
Red Hot Chili Peppers	Otherside
Red Hot Chili Peppers	Scar Tissue
Red Hot Chili Peppers	Snow (Hey Oh)
Red Hot Chili Peppers	Soul to Squeeze
Red Hot Chili Peppers	Under the Bridge
Rednex	Cotton Eye Joe
Regine Velasquez	Dadalhin
Regine Velasquez	Pangako
Reik	Noviembre sin ti
Reik	Que lloro
Reik	Ya me enteré
Reik	Yo quisiera
Reinhard Mey	Gute Nacht, Freunde
Reinhard Mey	Über den Wolken
R.E.M.	Everybody Hurts
R.E.M.	It's the End of the World as We Know It (And I Feel Fine)
R.E.M.	Losing My Religion
R.E.M.	Man on the Moon
R.E.M.	Nightswimming
R.E.M.	The One I Love
R.E.M.	Shiny Happy People
Rema & Selena Gomez	Calm Down
The Rembrandts	I'll Be There for You
Renato Carosone	Caravan petrol
Renato Carosone	Torero
Renato Carosone	Tu vuò fà l'americano
Renato Zero	I migliori anni della nostra vita
Renato Zero	Il cielo
Renato Zero	Il triangolo
Renaud	Laisse béton
Renaud	Mistral gagnant
REO Speedwagon	Can't Fight This Feeling
REO Speedwagon	Keep On Loving You
REO Speedwagon	Take It on the Run
Republic	Szállj el kismadár
Republic	Varjúdal
Republika	Biała flaga
Republika	Moja krew
Revolverheld	Ich lass für dich das Licht an
Revolverheld	Spinner
Rex Gildo	Fiesta Mexicana
Rey Valera	Kung Kailangan Mo Ako
Ricardo Arjona	El problema
Ricardo Arjona	Historia de taxi
Ricardo Arjona	Mujeres
Ricardo Arjona	Señora de las cuatro décadas
Ricardo Arjona	Te conozco
Ricardo Montaner	Bésame
Ricardo Montaner	Me va a extrañar
Ricardo Montaner	Tan enamorados
Ricchi e Poveri	Che sarà
Ricchi e Poveri	Mamma Maria
Ricchi e Poveri	Sarà perché ti amo
Ricchi e Poveri	Se m'innamoro
Richard Marx	Endless Summer Nights
Richard Marx	Hold On to the Nights
Richard Marx	Right Here Waiting
Rick Astley	Never Gonna Give You Up
Rick Astley	Together Forever
Rick Astley	Whenever You Need Somebody
Rick James	Give It to Me Baby
Rick James	Super Freak
Rick Springfield	Jessie's Girl
Ricky Martin	La copa de la vida (The Cup of Life)
Ricky Martin	Livin' la vida loca
Ricky Martin	María
Ricky Martin	She Bangs
Ricky Martin	Vuelve
Ricky Nelson	Garden Party
Ricky Nelson	Hello Mary Lou
Ricky Nelson	Travelin' Man
Righeira	L'estate sta finendo
Righeira	Vamos a la playa
Right Said Fred	I'm Too Sexy
The Righteous Brothers	Unchained Melody
The Righteous Brothers	You've Lost That Lovin' Feelin'
Rihanna	Diamonds
Rihanna	Disturbia
Rihanna	Don't Stop the Music
Rihanna	Love on the Brain
Rihanna	Man Down
Rihanna	Only Girl (In the World)
Rihanna	Rude Boy
Rihanna	S&M
Rihanna	SOS
Rihanna	Stay (feat. Mikky Ekko)
Rihanna	Take a Bow
Rihanna	Umbrella (feat. Jay-Z)
Rihanna	Unfaithful
Rihanna	We Found Love (feat. Calvin Harris)
Rihanna	Work (feat. Drake)
Rino Gaetano	Gianna
Rino Gaetano	Ma il cielo è sempre più blu
Rino Gaetano	Nuntereggae più
Rita Lee	Baila comigo
Rita Lee	Lança perfume
Rita Lee	Mania de você
Rita Lee	Ovelha negra
Rita Pavone	Datemi un martello
Rita Pavone	Il ballo del mattone
Rita Pavone	Viva la pappa col pomodoro
Ritchie Valens	Come On, Let's Go
Ritchie Valens	Donna
Ritchie Valens	La Bamba
Rob de Nijs	Banger hart
Rob de Nijs	Malle Babbe
Robbie Williams	Angels
Robbie Williams	Feel
Robbie Williams	Let Me Entertain You
Robbie Williams	Millennium
Robbie Williams	Rock DJ
Robbie Williams	She's the One
Robbie Williams	Strong
Robbie Williams	Supreme
Robbie Williams & Nicole Kidman	Somethin' Stupid
Robert Charlebois	Lindberg
Robert Charlebois	Ordinaire
Robert Palmer	Addicted to Love
Robert Palmer	Bad Case of Loving You (Doctor, Doctor)
Robert Palmer	Simply Irresistible
Roberta Flack	The First Time Ever I Saw Your Face
Roberta Flack	Killing Me Softly with His Song
Roberto Carlos	Amigo
Roberto Carlos	Como é grande o meu amor por você
Roberto Carlos	Detalhes
Roberto Carlos	É preciso saber viver
Roberto Carlos	Emoções
Roberto Carlos	Esse cara sou eu
Roberto Carlos	Jesus Cristo
Robin S.	Show Me Love
Robyn	Dancing on My Own
Robyn	Show Me Love
Robyn	With Every Heartbeat (with Kleerup)
Rocío Banquells	Este hombre no se toca
Rocío Banquells	Luna mágica
Rocío Dúrcal	Amor eterno
Rocío Dúrcal	Costumbres
Rocío Dúrcal	La gata bajo la lluvia
Rocío Dúrcal	Me gustas mucho
Rocío Jurado	Como una ola
Rocío Jurado	Lo siento mi amor
Rocío Jurado	Se nos rompió el amor
Rockwell	Somebody's Watching Me
The Rocky Horror Picture Show Cast	Time Warp
Rod Stewart	Baby Jane
Rod Stewart	Da Ya Think I'm Sexy?
Rod Stewart	The First Cut Is the Deepest
Rod Stewart	Forever Young
Rod Stewart	Have I Told You Lately
Rod Stewart	Maggie May
Rod Stewart	Sailing
Rod Stewart	Tonight's the Night (Gonna Be Alright)
Rod Stewart	You Wear It Well
Rod Stewart	Young Turks
Roger Miller	Dang Me
Roger Miller	King of the Road
The Rolling Stones	Angie
The Rolling Stones	As Tears Go By
The Rolling Stones	Beast of Burden
The Rolling Stones	Brown Sugar
The Rolling Stones	Get Off of My Cloud
The Rolling Stones	Gimme Shelter
The Rolling Stones	Honky Tonk Women
The Rolling Stones	(I Can't Get No) Satisfaction
The Rolling Stones	Jumpin' Jack Flash
The Rolling Stones	Miss You
The Rolling Stones	Paint It, Black
The Rolling Stones	Ruby Tuesday
The Rolling Stones	Start Me Up
The Rolling Stones	Sympathy for the Devil
The Rolling Stones	Under My Thumb
The Rolling Stones	Wild Horses
The Rolling Stones	You Can't Always Get What You Want
Romeo Santos	Eres mía
Romeo Santos	Imitadora
Romeo Santos	Propuesta indecente
Ronan Keating	Life Is a Rollercoaster
Ronan Keating	When You Say Nothing at All
The Ronettes	Be My Baby
Ronnie Milsap	Smoky Mountain Rain
Ronnie Milsap	(There's) No Gettin' Over Me
Rosalía	BIZCOCHITO
Rosalía	Con altura (feat. J Balvin & El Guincho)
Rosalía	DESPECHÁ
Rosalía	MALAMENTE (Cap.1: Augurio)
Rosalía	SAOKO
ROSÉ & Bruno Mars	APT.
Rose Royce	Car Wash
Rose Royce	Wishing on a Star
Rosemary Clooney	Come On-a My House
Rosemary Clooney	Mambo Italiano
Rosenstolz	Gib mir Sonne
Rosenstolz	Ich bin ich (Wir sind wir)
Rosenstolz	Liebe ist alles
Roxette	How Do You Do!
Roxette	It Must Have Been Love
Roxette	Joyride
Roxette	Listen to Your Heart
Roxette	The Look
Roxette	Spending My Time
Roxy Music	Avalon
Roxy Music	Love Is the Drug
Roxy Music	More Than This
Roy Black	Ganz in Weiß
Roy Black	Schön ist es auf der Welt zu sein (mit Anita)
Roy Orbison	Blue Bayou
Roy Orbison	Crying
Roy Orbison	In Dreams
Roy Orbison	Oh, Pretty Woman
Roy Orbison	Only the Lonely (Know the Way I Feel)
Roy Orbison	Running Scared
Roy Orbison	You Got It
Röyksopp	Eple
Röyksopp	What Else Is There?
Rubén Blades & Willie Colón	Pedro Navaja
Rubén Blades & Willie Colón	Plástico
Rui Veloso	A paixão (Segundo Nicolau da Viola)
Rui Veloso	Não há estrelas no céu
Rui Veloso	Porto sentido
Run-D.M.C.	It's Tricky
Run-D.M.C. feat. Aerosmith	Walk This Way
RuPaul	Supermodel (You Better Work)
Rupert Holmes	Escape (The Piña Colada Song)
Rupert Holmes	Him
Rush	Limelight
Rush	The Spirit of Radio
Rush	Tom Sawyer
Ruslana	Wild Dances
Ryan Paris	Dolce Vita
S Club 7	Don't Stop Movin'
S Club 7	Reach
S Club 7	S Club Party
Sabrina	Boys (Summertime Love)
Sabrina Carpenter	Espresso
Sabrina Carpenter	Nonsense
Sabrina Carpenter	Please Please Please
Sabrina Carpenter	Taste
Sade	By Your Side
Sade	No Ordinary Love
Sade	Smooth Operator
Sade	Your Love Is King
Salt-N-Pepa	Let's Talk About Sex
Salt-N-Pepa	Push It
Salt-N-Pepa	Shoop
Salvador Sobral	Amar pelos dois
Sam & Dave	Hold On, I'm Comin'
Sam & Dave	Soul Man
Sam Cooke	A Change Is Gonna Come
Sam Cooke	Bring It On Home to Me
Sam Cooke	Chain Gang
Sam Cooke	Cupid
Sam Cooke	Twistin' the Night Away
Sam Cooke	Wonderful World
Sam Cooke	You Send Me
Sam Hunt	Body Like a Back Road
Sam Hunt	Take Your Time
Sam Ryder	SPACE MAN
Sam Smith	I'm Not the Only One
Sam Smith	Lay Me Down
Sam Smith	Stay with Me
Sam Smith	Too Good at Goodbyes
Sam Smith	Writing's on the Wall
Sam Smith & Kim Petras	Unholy
Sam the Sham & The Pharaohs	Lil' Red Riding Hood
Sam the Sham & The Pharaohs	Wooly Bully
Samantha Fox	Touch Me (I Want Your Body)
Sammy Davis Jr.	The Candy Man
Sammy Davis Jr.	Mr. Bojangles
Samuel E. Wright	Kiss the Girl
Samuel E. Wright	Under the Sea
Sandie Shaw	Puppet on a String
Sandie Shaw	(There's) Always Something There to Remind Me
Sandra	(I'll Never Be) Maria Magdalena
Santana	Black Magic Woman
Santana	Evil Ways
Santana	Oye cómo va
Santana feat. Rob Thomas	Smooth
Sara Bareilles	Brave
Sara Bareilles	King of Anything
Sara Bareilles	Love Song
Sara Bareilles	She Used to Be Mine
Sara Evans	Born to Fly
Sara Evans	Suds in the Bucket
Sarah Brightman & Steve Harley	The Phantom of the Opera
Sarah McLachlan	Angel
Sarah McLachlan	Building a Mystery
Sarah McLachlan	I Will Remember You
The Saturdays	What About Us (feat. Sean Paul)
Savage Garden	Affirmation
Savage Garden	I Want You
Savage Garden	To the Moon and Back
Savage Garden	Truly Madly Deeply
SB19	GENTO
SB19	MAPA
Scatman John	Scatman (Ski-Ba-Bop-Ba-Dop-Bop)
Scissor Sisters	I Don't Feel Like Dancin'
Scissor Sisters	Take Your Mama
Scooter	How Much Is the Fish?
Scooter	Hyper Hyper
Scorpions	No One Like You
Scorpions	Rock You Like a Hurricane
Scorpions	Send Me an Angel
Scorpions	Still Loving You
Scorpions	Wind of Change
Scott McKenzie	San Francisco (Be Sure to Wear Flowers in Your Hair)
Seal	Crazy
Seal	Kiss from a Rose
Seals & Crofts	Summer Breeze
Sean Kingston	Beautiful Girls
Sean Paul	Get Busy
Sean Paul	Temperature
Seeed	Augenbling
Seeed	Dickes B
Seeed	Ding
Seether	Broken (feat. Amy Lee)
Seether	Fine Again
Seiler und Speer	Ham kummst
SEKAI NO OWARI	Dragon Night
SEKAI NO OWARI	Habit
SEKAI NO OWARI	RPG
SEKAI NO OWARI	スターライトパレード
Selena	Amor prohibido
Selena	Bidi bidi bom bom
Selena	Como la flor
Selena	Dreaming of You
Selena	I Could Fall in Love
Selena	No me queda más
Selena	Si una vez
Selena Gomez	Come & Get It
Selena Gomez	Lose You to Love Me
Selena Gomez	Love You Like a Love Song
Semisonic	Closing Time
Serge Gainsbourg	La javanaise
Serge Gainsbourg	Le poinçonneur des Lilas
Serge Gainsbourg & Jane Birkin	Je t'aime... moi non plus
Sérgio Mendes & Brasil '66	Mas que nada
Seu Jorge	Burguesinha
Seu Jorge	Carolina
Seu Jorge	É isso aí (com Ana Carolina)
The Sex Pistols	Anarchy in the U.K.
The Sex Pistols	God Save the Queen
The Sex Pistols	Pretty Vacant
Sezen Aksu	Firuze
Sezen Aksu	Gülümse
Sezen Aksu	Hadi Bakalım
SG워너비	Timeless
SG워너비	내 사람
SG워너비	라라라
SG워너비	살다가
Shaboozey	A Bar Song (Tipsy)
Shaggy	Angel (feat. Rayvon)
Shaggy	Boombastic
Shaggy	It Wasn't Me (feat. RikRok)
Shakin' Stevens	Green Door
Shakin' Stevens	Merry Christmas Everyone
Shakin' Stevens	This Ole House
Shakira	Antología
Shakira	Chantaje (feat. Maluma)
Shakira	Estoy aquí
Shakira	Hips Don't Lie (feat. Wyclef Jean)
Shakira	La tortura (feat. Alejandro Sanz)
Shakira	Ojos así
Shakira	She Wolf
Shakira	Waka Waka (This Time for Africa)
Shakira	Whenever, Wherever
Shalamar	A Night to Remember
Shalamar	I Can Make You Feel Good
The Shangri-Las	Leader of the Pack
The Shangri-Las	Remember (Walking in the Sand)
Shania Twain	Any Man of Mine
Shania Twain	Forever and for Always
Shania Twain	From This Moment On
Shania Twain	Honey, I'm Home
Shania Twain	Man! I Feel Like a Woman!
Shania Twain	That Don't Impress Me Much
Shania Twain	Whose Bed Have Your Boots Been Under?
Shania Twain	You're Still the One
Shawn Mendes	In My Blood
Shawn Mendes	Stitches
Shawn Mendes	There's Nothing Holdin' Me Back
Shawn Mendes	Treat You Better
Shawn Mendes & Camila Cabello	Señorita
S.H.E	Super Star
S.H.E	不想長大
S.H.E	中國話
S.H.E	戀人未滿
S.H.E	波斯貓
SHeDAISY	Little Good-Byes
Sheena Easton	9 to 5 (Morning Train)
Sheena Easton	For Your Eyes Only
Sheryl Crow	All I Wanna Do
Sheryl Crow	Everyday Is a Winding Road
Sheryl Crow	The First Cut Is the Deepest
Sheryl Crow	If It Makes You Happy
Sheryl Crow	Soak Up the Sun
Sheryl Crow	Strong Enough
Shinedown	Second Chance
Shinedown	Simple Man
The Shirelles	Mama Said
The Shirelles	Soldier Boy
The Shirelles	Will You Love Me Tomorrow
Shirley Bassey	Big Spender
Shirley Bassey	Diamonds Are Forever
Shirley Bassey	Goldfinger
Shirley Bassey	This Is My Life
Shocking Blue	Venus
Showaddywaddy	Under the Moon of Love
Sia	Chandelier
Sia	Cheap Thrills
Sia	Elastic Heart
Sia	Snowman
Sia	Unstoppable
Sigur Rós	Hoppípolla
Sigur Rós	Svefn-g-englar
Silbermond	Das Beste
Silbermond	Irgendwas bleibt
Silbermond	Symphonie
Silk Sonic	Leave the Door Open
Simon & Garfunkel	The 59th Street Bridge Song (Feelin' Groovy)
Simon & Garfunkel	America
Simon & Garfunkel	The Boxer
Simon & Garfunkel	Bridge over Troubled Water
Simon & Garfunkel	Cecilia
Simon & Garfunkel	Homeward Bound
Simon & Garfunkel	I Am a Rock
Simon & Garfunkel	Mrs. Robinson
Simon & Garfunkel	Scarborough Fair/Canticle
Simon & Garfunkel	The Sound of Silence
Simple Minds	Alive and Kicking
Simple Minds	Belfast Child
Simple Minds	Don't You (Forget About Me)
Simple Plan	I'm Just a Kid
Simple Plan	Perfect
Simple Plan	Welcome to My Life
Simply Red	Fairground
Simply Red	Holding Back the Years
Simply Red	If You Don't Know Me by Now
Simply Red	Money's Too Tight (To Mention)
Simply Red	Stars
Sin Bandera	Entra en mi vida
Sin Bandera	Kilómetros
Sin Bandera	Mientes tan bien
Sin Bandera	Te vi venir
Sinéad O'Connor	Mandinka
Sinéad O'Connor	Nothing Compares 2 U
Sir Mix-a-Lot	Baby Got Back
Sister Sledge	He's the Greatest Dancer
Sister Sledge	Lost in Music
Sister Sledge	We Are Family
Siti Nurhaliza	Bukan Cinta Biasa
Siti Nurhaliza	Cindai
Sixpence None the Richer	Kiss Me
Sixpence None the Richer	There She Goes
Skank	É uma partida de futebol
Skank	Garota nacional
Skank	Sutilmente
Skank	Te ver
Skank	Vou deixar
Skid Row	18 and Life
Skid Row	I Remember You
Skid Row	Youth Gone Wild
The Skyliners	Since I Don't Have You
Slade	Cum On Feel the Noize
Slade	Far Far Away
Slade	Merry Xmas Everybody
SMAP	SHAKE
SMAP	らいおんハート
SMAP	セロリ
SMAP	世界に一つだけの花
SMAP	夜空ノムコウ
Smash Mouth	All Star
Smash Mouth	I'm a Believer
Smash Mouth	Walkin' on the Sun
The Smashing Pumpkins	1979
The Smashing Pumpkins	Bullet with Butterfly Wings
The Smashing Pumpkins	Disarm
The Smashing Pumpkins	Today
The Smashing Pumpkins	Tonight, Tonight
The Smiths	Bigmouth Strikes Again
The Smiths	Heaven Knows I'm Miserable Now
The Smiths	How Soon Is Now?
The Smiths	Please, Please, Please Let Me Get What I Want
The Smiths	There Is a Light That Never Goes Out
The Smiths	This Charming Man
Smokey Robinson & The Miracles	The Tears of a Clown
Smokey Robinson & The Miracles	The Tracks of My Tears
Smokey Robinson & The Miracles	You've Really Got a Hold on Me
Smokie	I'll Meet You at Midnight
Smokie	Living Next Door to Alice
Snap!	The Power
Snap!	Rhythm Is a Dancer
Snollebollekes	Links rechts
Snollebollekes	Springen nondeju
Snoop Dogg	Drop It Like It's Hot (feat. Pharrell)
Snoop Dogg	Gin and Juice
Snow Patrol	Chasing Cars
Snow Patrol	Run
Snow Patrol	Signal Fire
Só Pra Contrariar	Depois do prazer
Só Pra Contrariar	Essa tal liberdade
Soda Stereo	Cuando pase el temblor
Soda Stereo	De música ligera
Soda Stereo	Nada personal
Soda Stereo	Persiana americana
Soda Stereo	Trátame suavemente
Soft Cell	Say Hello, Wave Goodbye
Soft Cell	Tainted Love
Söhne Mannheims	Und wenn ein Lied
Sơn Tùng M-TP	Chúng ta của hiện tại
Sơn Tùng M-TP	Lạc trôi
Sơn Tùng M-TP	Nơi này có anh
Sonny & Cher	The Beat Goes On
Sonny & Cher	I Got You Babe
Sophie B. Hawkins	Damn I Wish I Was Your Lover
Soundgarden	Black Hole Sun
Soundgarden	Fell on Black Days
Soundgarden	Spoonman
Space feat. Cerys Matthews	The Ballad of Tom Jones
Spagna	Call Me
Spagna	Easy Lady
Spandau Ballet	Gold
Spandau Ballet	Through the Barricades
Spandau Ballet	True
The Specials	A Message to You, Rudy
The Specials	Ghost Town
The Specials	Too Much Too Young
Spice Girls	2 Become 1
Spice Girls	Say You'll Be There
Spice Girls	Spice Up Your Life
Spice Girls	Stop
Spice Girls	Viva Forever
Spice Girls	Wannabe
Spice Girls	Who Do You Think You Are
Spider Murphy Gang	Schickeria
Spider Murphy Gang	Skandal im Sperrbezirk
Spin Doctors	Little Miss Can't Be Wrong
Spin Doctors	Two Princes
The Spinners	Could It Be I'm Falling in Love
The Spinners	The Rubberband Man
The Spinners	Working My Way Back to You
Split Enz	I Got You
Split Enz	Six Months in a Leaky Boat
Sportfreunde Stiller	'54, '74, '90, 2006
Sportfreunde Stiller	Applaus, Applaus
Sportfreunde Stiller	Ein Kompliment
Squeeze	Cool for Cats
Squeeze	Tempted
Squeeze	Up the Junction
Staind	It's Been Awhile
Staind	Outside
Stan Getz & João Gilberto feat. Astrud Gilberto	Garota de Ipanema (The Girl from Ipanema)
Stan Rogers	Barrett's Privateers
Stan Rogers	Northwest Passage
Starland Vocal Band	Afternoon Delight
Starship	Nothing's Gonna Stop Us Now
Starship	Sara
Starship	We Built This City
The Statler Brothers	Flowers on the Wall
Status Quo	In the Army Now
Status Quo	Rockin' All Over the World
Status Quo	Whatever You Want
Stealers Wheel	Stuck in the Middle with You
Steely Dan	Deacon Blues
Steely Dan	Do It Again
Steely Dan	Peg
Steely Dan	Reelin' In the Years
Steely Dan	Rikki Don't Lose That Number
Steppenwolf	Born to Be Wild
Steppenwolf	Magic Carpet Ride
Steps	5, 6, 7, 8
Steps	One for Sorrow
Steps	Tragedy
Stereophonics	Dakota
Stereophonics	Have a Nice Day
Stereophonics	Maybe Tomorrow
Steve Martin	King Tut
Steve Miller Band	Abracadabra
Steve Miller Band	Fly Like an Eagle
Steve Miller Band	Jet Airliner
Steve Miller Band	The Joker
Steve Miller Band	Rock'n Me
Steve Miller Band	Take the Money and Run
Stevie Nicks	Edge of Seventeen
Stevie Nicks	Stand Back
Stevie Nicks & Tom Petty	Stop Draggin' My Heart Around
Stevie Wonder	For Once in My Life
Stevie Wonder	Higher Ground
Stevie Wonder	I Just Called to Say I Love You
Stevie Wonder	I Wish
Stevie Wonder	Isn't She Lovely
Stevie Wonder	My Cherie Amour
Stevie Wonder	Overjoyed
Stevie Wonder	Part-Time Lover
Stevie Wonder	Signed, Sealed, Delivered (I'm Yours)
Stevie Wonder	Sir Duke
Stevie Wonder	Superstition
Stevie Wonder	Uptight (Everything's Alright)
Stevie Wonder	You Are the Sunshine of My Life
Sting	Desert Rose (feat. Cheb Mami)
Sting	Englishman in New York
Sting	Fields of Gold
Sting	If You Love Somebody Set Them Free
Sting	Shape of My Heart
The Stone Roses	Fools Gold
The Stone Roses	I Wanna Be Adored
The Stone Roses	She Bangs the Drums
Stone Temple Pilots	Creep
Stone Temple Pilots	Interstate Love Song
Stone Temple Pilots	Plush
Stone Temple Pilots	Vasoline
The Strokes	Last Nite
The Strokes	Reptilia
The Strokes	Someday
Stromae	Alors on danse
Stromae	Formidable
Stromae	Papaoutai
Stromae	Tous les mêmes
S.T.S.	Fürstenfeld
S.T.S.	Großvater
The Stylistics	Betcha by Golly, Wow
The Stylistics	You Make Me Feel Brand New
Styx	Babe
Styx	Come Sail Away
Styx	Lady
Styx	Mr. Roboto
Styx	Renegade
Styx	Too Much Time on My Hands
Sublime	Badfish
Sublime	Santeria
Sublime	What I Got
Sugababes	About You Now
Sugababes	Overload
Sugababes	Push the Button
Sugar Ray	Every Morning
Sugar Ray	Fly
Sugar Ray	Someday
The Sugarhill Gang	Rapper's Delight
Sugarland	Baby Girl
Sugarland	Stay
Sugarland	Stuck Like Glue
Sui Generis	Canción para mi muerte
Sui Generis	Rasguña las piedras
Sum 41	Fat Lip
Sum 41	In Too Deep
Sum 41	Pieces
sumika	ファンファーレ
sumika	フィクション
Supergrass	Alright
Supertramp	Breakfast in America
Supertramp	Dreamer
Supertramp	Give a Little Bit
Supertramp	Goodbye Stranger
Supertramp	The Logical Song
Supertramp	Take the Long Way Home
The Supremes	Baby Love
The Supremes	Come See About Me
The Supremes	Stop! In the Name of Love
The Supremes	Where Did Our Love Go
The Supremes	You Can't Hurry Love
The Supremes	You Keep Me Hangin' On
Surfaris	Wipe Out
Survivor	Burning Heart
Survivor	Eye of the Tiger
Survivor	The Search Is Over
Susan Boyle	I Dreamed a Dream
Susan Boyle	Wild Horses
Suzanne Vega	Luka
Suzanne Vega	Tom's Diner
Suzi Quatro	Can the Can
Suzi Quatro	If You Can't Give Me Love
Suzi Quatro	She's in Love with You
Suzi Quatro & Chris Norman	Stumblin' In
Sweet	The Ballroom Blitz
Sweet	Fox on the Run
Sweet	Hell Raiser
Sweet	Love Is Like Oxygen
SWV	Weak
Sylvester	You Make Me Feel (Mighty Real)
System of a Down	Aerials
System of a Down	B.Y.O.B.
System of a Down	Chop Suey!
System of a Down	Lonely Day
System of a Down	Toxicity
SZA	Good Days
SZA	Kill Bill
SZA	Snooze
T. Rex	20th Century Boy
T. Rex	Children of the Revolution
T. Rex	Get It On (Bang a Gong)
T. Rex	Hot Love
Tag Team	Whoomp! (There It Is)
Taio Cruz	Break Your Heart (feat. Ludacris)
Taio Cruz	Dynamite
Take That	Back for Good
Take That	Greatest Day
Take That	Never Forget
Take That	Patience
Take That	Relight My Fire (feat. Lulu)
Take That	Rule the World
Take That	Shine
Taking Back Sunday	Cute Without the 'E' (Cut from the Team)
Tal Bachman	She's So High
Talking Heads	Burning Down the House
Talking Heads	Once in a Lifetime
Talking Heads	Psycho Killer
Talking Heads	Road to Nowhere
Talking Heads	This Must Be the Place (Naive Melody)
Tammy Wynette	D-I-V-O-R-C-E
Tammy Wynette	Stand by Your Man
Tanya Tucker	Delta Dawn
Tanya Tucker	Strong Enough to Bend
Tarkan	Dudu
Tarkan	Kuzu Kuzu
Tarkan	Şıkıdım
Tarkan	Şımarık
Tate McRae	greedy
Tate McRae	you broke me first
t.A.T.u.	All the Things She Said
t.A.T.u.	Not Gonna Get Us
t.A.T.u.	Нас не догонят
t.A.T.u.	Я сошла с ума
Taylor Dayne	Love Will Lead You Back
Taylor Dayne	Tell It to My Heart
Taylor Swift	22
Taylor Swift	All Too Well (10 Minute Version)
Taylor Swift	Anti-Hero
Taylor Swift	august
Taylor Swift	Bad Blood
Taylor Swift	Blank Space
Taylor Swift	cardigan
Taylor Swift	Cruel Summer
Taylor Swift	Delicate
Taylor Swift	Enchanted
Taylor Swift	I Knew You Were Trouble.
Taylor Swift	Karma
Taylor Swift	Look What You Made Me Do
Taylor Swift	Love Story
Taylor Swift	Lover
Taylor Swift	Mine
Taylor Swift	Our Song
Taylor Swift	...Ready for It?
Taylor Swift	Shake It Off
Taylor Swift	Style
Taylor Swift	Teardrops on My Guitar
Taylor Swift	We Are Never Ever Getting Back Together
Taylor Swift	Wildest Dreams
Taylor Swift	willow
Taylor Swift	You Belong with Me
Tears for Fears	Everybody Wants to Rule the World
Tears for Fears	Head over Heels
Tears for Fears	Mad World
Tears for Fears	Shout
Tears for Fears	Sowing the Seeds of Love
Technotronic	Pump Up the Jam
Ted Gärdestad	För kärlekens skull
Ted Gärdestad	Jag vill ha en egen måne
Ted Gärdestad	Sol, vind och vatten
Teddy Swims	The Door
Teddy Swims	Lose Control
Téléphone	Ça, c'est vraiment toi
Téléphone	La bombe humaine
Téléphone	Un autre monde
The Temptations	Ain't Too Proud to Beg
The Temptations	Get Ready
The Temptations	Just My Imagination (Running Away with Me)
The Temptations	My Girl
The Temptations	Papa Was a Rollin' Stone
Tenacious D	F**k Her Gently
Tenacious D	Tribute
Tenacious D	Wonderboy
Tennessee Ernie Ford	Sixteen Tons
Terri Clark	Better Things to Do
Terri Clark	Girls Lie Too
Tesla	Love Song
Tesla	Signs
Texas	I Don't Want a Lover
Texas	Say What You Want
Thalía	Amor a la mexicana
Thalía	Arrasando
Thalía	Marimar
Thalía	No me enseñaste
Thalía	Piel morena
Thelma Houston	Don't Leave Me This Way
Them	Gloria
Thin Lizzy	The Boys Are Back in Town
Thin Lizzy	Dancing in the Moonlight (It's Caught Me in Its Spotlight)
Thin Lizzy	Jailbreak
Thin Lizzy	Whiskey in the Jar
Third Eye Blind	How's It Going to Be
Third Eye Blind	Jumper
Third Eye Blind	Never Let You Go
Third Eye Blind	Semi-Charmed Life
Thomas Helmig	Malaga
Thomas Helmig	Stupid Man
Thomas Rhett	Die a Happy Man
Thompson Twins	Doctor! Doctor!
Thompson Twins	Hold Me Now
Three Dog Night	Black and White
Three Dog Night	Joy to the World
Three Dog Night	Mama Told Me (Not to Come)
Three Dog Night	One
Tiffany	Could've Been
Tiffany	I Think We're Alone Now
Tight Fit	The Lion Sleeps Tonight
'Til Tuesday	Voices Carry
Tim Bendzko	Hoch
Tim Bendzko	Nur noch kurz die Welt retten
Tim Curry	Sweet Transvestite
Tim Maia	Azul da cor do mar
Tim Maia	Descobridor dos sete mares
Tim Maia	Gostava tanto de você
Tim Maia	Me dê motivo
Tim Maia	Não quero dinheiro (Só quero amar)
Tim McGraw	Don't Take the Girl
Tim McGraw	Humble and Kind
Tim McGraw	I Like It, I Love It
Tim McGraw	Live Like You Were Dying
Tim McGraw	Something Like That
Tim McGraw & Faith Hill	It's Your Love
Timbiriche	Con todos menos conmigo
Timbiriche	Corro, vuelo, me acelero
Timbiriche	Tú y yo somos uno mismo
Tina Turner	The Best
Tina Turner	GoldenEye
Tina Turner	I Don't Wanna Fight
Tina Turner	Nutbush City Limits
Tina Turner	Private Dancer
Tina Turner	Proud Mary
Tina Turner	We Don't Need Another Hero (Thunderdome)
Tina Turner	What's Love Got to Do with It
The Ting Tings	That's Not My Name
Titãs	É preciso saber viver
Titãs	Enquanto houver sol
Titãs	Epitáfio
Titãs	Marvin
Titãs	Sonífera ilha
Tiziano Ferro	Alla mia età
Tiziano Ferro	Il regalo più grande
Tiziano Ferro	Perdono
Tiziano Ferro	Sere nere
TLC	Creep
TLC	No Scrubs
TLC	Unpretty
TLC	Waterfalls
TM NETWORK	Get Wild
TM NETWORK	SELF CONTROL
Toadies	Possum Kingdom
Toby Keith	As Good as I Once Was
Toby Keith	Courtesy of the Red, White and Blue (The Angry American)
Toby Keith	How Do You Like Me Now?!
Toby Keith	I Love This Bar
Toby Keith	Red Solo Cup
Toby Keith	Should've Been a Cowboy
The Tokens	The Lion Sleeps Tonight
TOKIO	LOVE YOU ONLY
TOKIO	宙船
Tokio Hotel	Durch den Monsun
Tokio Hotel	Schrei
Tom Jobim & Vinicius de Moraes	Chega de saudade
Tom Jobim & Vinicius de Moraes	Eu sei que vou te amar
Tom Jones	Delilah
Tom Jones	Green, Green Grass of Home
Tom Jones	I'll Never Fall in Love Again
Tom Jones	It's Not Unusual
Tom Jones	Sex Bomb (with Mousse T.)
Tom Jones	She's a Lady
Tom Jones	Thunderball
Tom Jones	What's New Pussycat?
Tom Lehrer	The Elements
Tom Odell	Another Love
Tom Petty	Free Fallin'
Tom Petty	I Won't Back Down
Tom Petty	Runnin' Down a Dream
Tom Petty	Wildflowers
Tom Petty	You Don't Know How It Feels
Tom Petty and the Heartbreakers	American Girl
Tom Petty and the Heartbreakers	Breakdown
Tom Petty and the Heartbreakers	Don't Do Me Like That
Tom Petty and the Heartbreakers	Into the Great Wide Open
Tom Petty and the Heartbreakers	Learning to Fly
Tom Petty and the Heartbreakers	Mary Jane's Last Dance
Tom Petty and the Heartbreakers	Refugee
Tomas Ledin	Sommaren är kort
Tommy James & The Shondells	Crimson and Clover
Tommy James & The Shondells	Crystal Blue Persuasion
Tommy James & The Shondells	Hanky Panky
Tommy James & The Shondells	I Think We're Alone Now
Tommy James & The Shondells	Mony Mony
Tommy Tutone	867-5309/Jenny
Tone Lōc	Funky Cold Medina
Tone Lōc	Wild Thing
Tones and I	Dance Monkey
Toni Basil	Mickey
Toni Braxton	Breathe Again
Toni Braxton	He Wasn't Man Enough
Toni Braxton	Un-Break My Heart
Toni Braxton	You're Makin' Me High
Tonic	If You Could Only See
Tony Bennett	The Good Life
Tony Bennett	I Left My Heart in San Francisco
Tony Bennett	Rags to Riches
Tony Christie	(Is This the Way to) Amarillo
Tony Marshall	Schöne Maid
Tony Orlando & Dawn	Knock Three Times
Tony Orlando & Dawn	Tie a Yellow Ribbon Round the Ole Oak Tree
Toots & The Maytals	54-46 That's My Number
Toots & The Maytals	Pressure Drop
Toto	Africa
Toto	Hold the Line
Toto	I Won't Hold You Back
Toto	Rosanna
Toto Cutugno	Insieme: 1992
Toto Cutugno	L'italiano
Toto Cutugno	Solo noi
T-Pain	Buy U a Drank (Shawty Snappin') (feat. Yung Joc)
T'Pau	China in Your Hand
T'Pau	Heart and Soul
Trace Adkins	Honky Tonk Badonkadonk
Trace Adkins	You're Gonna Miss This
Tracy Byrd	Ten Rounds with José Cuervo
Tracy Byrd	Watermelon Crawl
Tracy Chapman	Baby Can I Hold You
Tracy Chapman	Fast Car
Tracy Chapman	Give Me One Reason
Tracy Chapman	Talkin' 'bout a Revolution
Tracy Lawrence	Paint Me a Birmingham
Tracy Lawrence	Time Marches On
Traditional	Bella ciao
The Tragically Hip	Ahead by a Century
The Tragically Hip	Bobcaygeon
The Tragically Hip	New Orleans Is Sinking
The Tragically Hip	Wheat Kings
Train	Drive By
Train	Drops of Jupiter (Tell Me)
Train	Hey, Soul Sister
Train	Marry Me
The Trammps	Disco Inferno
Travis	Driftwood
Travis	Sing
Travis	Why Does It Always Rain on Me?
Travis Tritt	Here's a Quarter (Call Someone Who Cares)
Travis Tritt	It's a Great Day to Be Alive
Travis Tritt	T-R-O-U-B-L-E
TRF	BOY MEETS GIRL
TRF	EZ DO DANCE
TRF	survival dAnce 〜no no cry more〜
Tribalistas	Já sei namorar
Tribalistas	Velha infância
Trịnh Công Sơn	Cát bụi
Trịnh Công Sơn	Diễm xưa
Trio	Da da da ich lieb dich nicht du liebst mich nicht aha aha aha
Trío Los Panchos	Bésame mucho
Trío Los Panchos	Contigo
Trío Los Panchos	Perfidia
Trío Los Panchos	Quizás, quizás, quizás
Trío Los Panchos	Sabor a mí
Trío Los Panchos	Sin ti
Trisha Yearwood	How Do I Live
Trisha Yearwood	She's in Love with the Boy
Trisha Yearwood	XXX's and OOO's (An American Girl)
The Troggs	Love Is All Around
The Troggs	Wild Thing
TRUE	Sincerely
tuki.	晩餐歌
The Turtles	Elenore
The Turtles	Happy Together
TV-2	Bag duggede ruder
TV-2	De første kærester på månen
TV-2	Kærligheden overvinder alt
Twenty One Pilots	Car Radio
Twenty One Pilots	Heathens
Twenty One Pilots	Ride
Twenty One Pilots	Stressed Out
Twins	下一站天后
Twins	戀愛大過天
Twins	風箏與風
Twisted Sister	I Wanna Rock
Twisted Sister	We're Not Gonna Take It
Tyler Childers	All Your'n
Tyler Childers	Feathered Indians
U2	Beautiful Day
U2	Desire
U2	I Still Haven't Found What I'm Looking For
U2	Mysterious Ways
U2	One
U2	Pride (In the Name of Love)
U2	Stuck in a Moment You Can't Get Out Of
U2	Sunday Bloody Sunday
U2	Sweetest Thing
U2	Vertigo
U2	Where the Streets Have No Name
U2	With or Without You
UB40	Food for Thought
UB40	(I Can't Help) Falling in Love with You
UB40	Kingston Town
UB40	Red Red Wine
Udo Jürgens	Aber bitte mit Sahne
Udo Jürgens	Griechischer Wein
Udo Jürgens	Ich war noch niemals in New York
Udo Jürgens	Merci, Chérie
Udo Jürgens	Mit 66 Jahren
Udo Lindenberg	Cello
Udo Lindenberg	Durch die schweren Zeiten
Udo Lindenberg	Hinterm Horizont
Udo Lindenberg	Sonderzug nach Pankow
Ugly Kid Joe	Cats in the Cradle
Ugly Kid Joe	Everything About You
Ultimo	I tuoi particolari
Ultimo	Pianeti
Ultimo	Piccola stella
Ultravox	Dancing with Tears in My Eyes
Ultravox	Vienna
Umberto Tozzi	Gli altri siamo noi
Umberto Tozzi	Gloria
Umberto Tozzi	Ti amo
Umberto Tozzi	Tu
Umm Kulthum	إنت عمري
Uncle Kracker	Drift Away (feat. Dobie Gray)
Uncle Kracker	Follow Me
The Undertones	Teenage Kicks
Uriah Heep	Easy Livin'
Uriah Heep	Lady in Black
USA for Africa	We Are the World
The Used	The Taste of Ink
Usher	Burn
Usher	DJ Got Us Fallin' in Love (feat. Pitbull)
Usher	OMG (feat. will.i.am)
Usher	U Got It Bad
Usher	Yeah! (feat. Lil Jon & Ludacris)
Van Halen	Ain't Talkin' 'bout Love
Van Halen	Hot for Teacher
Van Halen	Jump
Van Halen	Panama
Van Halen	Right Now
Van Halen	Runnin' with the Devil
Van Halen	Why Can't This Be Love
Van McCoy	The Hustle
Van Morrison	Brown Eyed Girl
Van Morrison	Days Like This
Van Morrison	Domino
Van Morrison	Have I Told You Lately
Van Morrison	Into the Mystic
Van Morrison	Moondance
Vance Joy	Riptide
Vanessa Carlton	A Thousand Miles
Vanessa Carlton	Ordinary Day
Vanessa Paradis	Joe le taxi
Vanilla Fudge	You Keep Me Hangin' On
Vanilla Ice	Ice Ice Baby
Vasco Rossi	Albachiara
Vasco Rossi	Rewind
Vasco Rossi	Sally
Vasco Rossi	Siamo solo noi
Vasco Rossi	Un senso
Vasco Rossi	Vita spericolata
Vaundy	不可幸力
Vaundy	怪獣の花唄
Vaundy	東京フラッシュ
Vaundy	踊り子
The Velvet Underground	Pale Blue Eyes
The Velvet Underground	Sunday Morning
The Velvet Underground	Sweet Jane
Vengaboys	Boom, Boom, Boom, Boom!!
Vengaboys	We Like to Party! (The Vengabus)
Vengaboys	We're Going to Ibiza!
Vera Lynn	We'll Meet Again
Vera Lynn	The White Cliffs of Dover
Veronica Maggio	Jag kommer
Veronica Maggio	Måndagsbarn
Veronica Maggio	Välkommen in
Vertical Horizon	Everything You Want
The Verve	Bitter Sweet Symphony
The Verve	The Drugs Don't Work
The Verve	Lucky Man
Vianney	Je m'en vais
Vianney	Pas là
Vicente Fernández	Acá entre nos
Vicente Fernández	El rey
Vicente Fernández	Estos celos
Vicente Fernández	Hermoso cariño
Vicente Fernández	Mujeres divinas
Vicente Fernández	Por tu maldito amor
Vicente Fernández	Volver, volver
Vicky Leandros	Ich liebe das Leben
Vicky Leandros	Theo, wir fahr'n nach Lodz
The View	Same Jeans
Village People	Go West
Village People	In the Navy
Village People	Macho Man
Village People	Y.M.C.A.
Vince Gill	Go Rest High on That Mountain
Vince Gill	When I Call Your Name
Violeta Parra	Run Run se fue pa'l norte
Violeta Parra	Volver a los diecisiete
Vitamin C	Graduation (Friends Forever)
Vixen	Edge of a Broken Heart
Waldemar Matuška	Slavíci z Madridu
Walk the Moon	Shut Up and Dance
The Wallflowers	One Headlight
WANDS	世界が終るまでは…
WANDS	世界中の誰よりきっと (with 中山美穂)
Wang Chung	Dance Hall Days
Wang Chung	Everybody Have Fun Tonight
War	Low Rider
War	Why Can't We Be Friends?
Warrant	Cherry Pie
Warrant	Heaven
Warren Zevon	Lawyers, Guns and Money
Warren Zevon	Werewolves of London
Waylon Jennings	Good Hearted Woman
Waylon Jennings	Luckenbach, Texas (Back to the Basics of Love)
Waylon Jennings	Theme from The Dukes of Hazzard (Good Ol' Boys)
Waylon Jennings & Willie Nelson	Mammas Don't Let Your Babies Grow Up to Be Cowboys
The Weather Girls	It's Raining Men
The Weeknd	Blinding Lights
The Weeknd	Can't Feel My Face
The Weeknd	Earned It
The Weeknd	The Hills
The Weeknd	Save Your Tears
The Weeknd	Starboy (feat. Daft Punk)
Weezer	Africa
Weezer	Beverly Hills
Weezer	Buddy Holly
Weezer	Island in the Sun
Weezer	Say It Ain't So
Weezer	Undone - The Sweater Song
"Weird Al" Yankovic	Amish Paradise
"Weird Al" Yankovic	Eat It
"Weird Al" Yankovic	White & Nerdy
Westlife	Flying Without Wings
Westlife	My Love
Westlife	Swear It Again
Westlife	Uptown Girl
Westlife	World of Our Own
Westlife	You Raise Me Up
Wet Wet Wet	Goodnight Girl
Wet Wet Wet	Love Is All Around
Wham!	Club Tropicana
Wham!	Everything She Wants
Wham!	Freedom
Wham!	I'm Your Man
Wham!	Last Christmas
Wham!	Wake Me Up Before You Go-Go
Wheatus	Teenage Dirtbag
Whigfield	Saturday Night
White Lion	When the Children Cry
The White Stripes	Fell in Love with a Girl
The White Stripes	Seven Nation Army
The White Stripes	We're Going to Be Friends
Whitesnake	Fool for Your Loving
Whitesnake	Here I Go Again
Whitesnake	Is This Love
Whitesnake	Still of the Night
Whitney Houston	Didn't We Almost Have It All
Whitney Houston	Greatest Love of All
Whitney Houston	How Will I Know
Whitney Houston	I Have Nothing
Whitney Houston	I Wanna Dance with Somebody (Who Loves Me)
Whitney Houston	I Will Always Love You
Whitney Houston	My Love Is Your Love
Whitney Houston	One Moment in Time
Whitney Houston	Queen of the Night
Whitney Houston	Run to You
Whitney Houston	Saving All My Love for You
Whitney Houston	So Emotional
Whitney Houston & Mariah Carey	When You Believe
The Who	Baba O'Riley
The Who	Behind Blue Eyes
The Who	I Can't Explain
The Who	My Generation
The Who	Pinball Wizard
The Who	Who Are You
The Who	Won't Get Fooled Again
Wild Cherry	Play That Funky Music
Will Smith	Gettin' Jiggy wit It
Will Smith	Men in Black
Will Smith	Miami
Will Young	Evergreen
Will Young	Leave Right Now
will.i.am feat. Britney Spears	Scream & Shout
Willie Nelson	Always on My Mind
Willie Nelson	Blue Eyes Crying in the Rain
Willie Nelson	Crazy
Willie Nelson	On the Road Again
Willie Nelson	Whiskey River
Wilson Pickett	In the Midnight Hour
Wilson Pickett	Land of 1000 Dances
Wilson Pickett	Mustang Sally
Winger	Headed for a Heartbreak
Wir sind Helden	Denkmal
Wir sind Helden	Guten Tag
Wir sind Helden	Nur ein Wort
Wiz Khalifa feat. Charlie Puth	See You Again
Wizkid feat. Tems	Essence
Wizzard	I Wish It Could Be Christmas Everyday
Wizzard	See My Baby Jive
Wolfgang Ambros	Schifoan
Wolfgang Ambros	Zwickt's mi
Wolfgang Petry	Verlieben, verloren, vergessen, verzeihn
Wolfgang Petry	Wahnsinn
Wolfgang Petry	Weiß der Geier
Wynonna	No One Else on Earth
X JAPAN	ENDLESS RAIN
X JAPAN	Forever Love
X JAPAN	Rusty Nail
X JAPAN	Silent Jealousy
X JAPAN	紅
Xavier Naidoo	Dieser Weg
Xavier Naidoo	Ich kenne nichts (das so schön ist wie du)
Xutos & Pontapés	A minha casinha
Xutos & Pontapés	Contentores
Xutos & Pontapés	Não sou o único
Yazoo	Don't Go
Yazoo	Only You
Yazoo	Situation
Yeah Yeah Yeahs	Heads Will Roll
Yeah Yeah Yeahs	Maps
Yellowcard	Ocean Avenue
Yes	Owner of a Lonely Heart
Yes	Roundabout
Ylvis	The Fox (What Does the Fox Say?)
YOASOBI	アイドル
YOASOBI	ハルジオン
YOASOBI	夜に駆ける
YOASOBI	怪物
YOASOBI	祝福
YOASOBI	群青
Young MC	Bust a Move
The Young Rascals	Good Lovin'
The Young Rascals	Groovin'
Youssou N'Dour & Neneh Cherry	7 Seconds
YUI	again
YUI	CHE.R.RY
YUI	Good-bye days
Yuri	Detrás de mi ventana
Yuri	El apagón
Yuri	Maldita primavera
Zac Brown Band	Chicken Fried
Zac Brown Band	Colder Weather
Zac Brown Band	Knee Deep (feat. Jimmy Buffett)
Zac Brown Band	Toes
Zac Efron & Zendaya	Rewrite the Stars
Zach Bryan	Heading South
Zach Bryan	Something in the Orange
Zach Bryan feat. Kacey Musgraves	I Remember Everything
ZARD	マイ フレンド
ZARD	揺れる想い
ZARD	負けないで
Zaz	Je veux
Zaz	On ira
Zdravko Čolić	Pusti, pusti modu
Zdravko Čolić	Ruška
Zdravko Čolić	Ti si mi u krvi
Zeca Afonso	Grândola, vila morena
Zeca Pagodinho	Deixa a vida me levar
Zeca Pagodinho	Vai vadiar
Zeca Pagodinho	Verdade
Zezé Di Camargo & Luciano	É o amor
Zezé Di Camargo & Luciano	No dia em que eu saí de casa
The Zombies	She's Not There
The Zombies	Time of the Season
Zucchero	Baila (Sexy Thing)
Zucchero	Diamante
Zucchero	Diavolo in me
Zucchero	Senza una donna
Zucchero & Paul Young	Senza una donna (Without a Woman)
The Zutons	Valerie
ZZ Top	Gimme All Your Lovin'
ZZ Top	La Grange
ZZ Top	Legs
ZZ Top	Sharp Dressed Man
ZZ Top	Tush
Γιώργος Νταλάρας	Μη μου θυμώνεις μάτια μου
Γιώργος Νταλάρας	Παραπονεμένα λόγια
Ελένη Φουρέιρα	Fuego
Νάνα Μούσχουρη	Χάρτινο το φεγγαράκι
Χάρις Αλεξίου	Δι' ευχών
Χάρις Αλεξίου	Όλα σε θυμίζουν
Алиса	Моё поколение
Алиса	Небо славян
Алиса	Трасса Е-95
Алла Пугачёва	Айсберг
Алла Пугачёва	Арлекино
Алла Пугачёва	Миллион алых роз
Алла Пугачёва	Паромщик
Алла Пугачёва	Позови меня с собой
Алла Пугачёва	Старинные часы
Анна Герман	Когда цвели сады
Анна Герман	Надежда
Анна Герман	Эхо любви
Баста	Выпускной (Медлячок)
Баста	Сансара
Би-2	Варвара
Би-2	Мой рок-н-ролл (feat. Чичерина)
Би-2	Полковнику никто не пишет
Бијело дугме	Ђурђевдан
Булат Окуджава	Грузинская песня
Валерий Леонтьев	Августин
Валерий Леонтьев	Казанова
Валерий Леонтьев	Мой дельтаплан
Валерий Меладзе	Иностранец
Валерий Меладзе	Самба белого мотылька
Валерий Меладзе	Сэра
Верка Сердючка	Dancing Lasha Tumbai
Верка Сердючка	Всё будет хорошо
Верка Сердючка	Гоп-гоп
ВИА Гра	Попытка № 5
ВИА Гра	Притяжения больше нет (feat. Валерий Меладзе)
Владимир Высоцкий	Кони привередливые
Владимир Высоцкий	Охота на волков
Владимир Высоцкий	Песня о друге
Володимир Івасюк	Водограй
Володимир Івасюк	Червона рута
Воплі Відоплясова	Весна
Воплі Відоплясова	День народження
Григорий Лепс	Рюмка водки на столе
Григорий Лепс	Самый лучший день
Григорий Лепс	Я тебя не люблю
ДДТ	Дождь
ДДТ	Осень
ДДТ	Что такое осень
ДДТ	Это всё
Здравко Чолић	Ти си ми у крви
Земфира	Ариведерчи
Земфира	Искала
Земфира	Прости меня моя любовь
Земфира	Ромашки
Земфира	Хочешь?
Иванушки International	Тополиный пух
Иванушки International	Тучи
Игорь Николаев	Выпьем за любовь
Игорь Николаев	Дельфин и русалка (feat. Наташа Королёва)
Кино	Восьмиклассница
Кино	Группа крови
Кино	Звезда по имени Солнце
Кино	Кукушка
Кино	Пачка сигарет
Кино	Перемен
Кино	Спокойная ночь
Комбинация	American Boy
Комбинация	Бухгалтер
Король и Шут	Кукла колдуна
Король и Шут	Лесник
Король и Шут	Проклятый старый дом
Король и Шут	Прыгну со скалы
Ласковый май	Белые розы
Ласковый май	Седая ночь
Ленинград	WWW
Ленинград	В Питере — пить
Ленинград	Мне бы в небо
Ленинград	Экспонат
Лили Иванова	Ветрове
Лили Иванова	Камино
Любэ	Комбат
Любэ	Конь
Любэ	Позови меня тихо по имени
Любэ	Ты неси меня, река
Макс Корж	Жить в кайф
Макс Корж	Малый повзрослел
Машина времени	За тех, кто в море
Машина времени	Марионетки
Машина времени	Поворот
Машина времени	Синяя птица
Мираж	Музыка нас связала
Мираж	Я больше не прошу
Михаил Круг	Владимирский централ
Михаил Круг	Кольщик
Монеточка	Каждый раз
Мумий Тролль	Владивосток 2000
Мумий Тролль	Дельфины
Мумий Тролль	Невеста
Мумий Тролль	Утекай
Муслим Магомаев	Королева красоты
Муслим Магомаев	Лучший город Земли
Муслим Магомаев	Синяя вечность
Наутилус Помпилиус	Крылья
Наутилус Помпилиус	Прогулки по воде
Наутилус Помпилиус	Скованные одной цепью
Наутилус Помпилиус	Я хочу быть с тобой
Один в каное	У мене немає дому
Океан Ельзи	Без бою
Океан Ельзи	Відпусти
Океан Ельзи	На небі
Океан Ельзи	Обійми
Океан Ельзи	Така, як ти
Руки Вверх!	18 мне уже
Руки Вверх!	Алёшка
Руки Вверх!	Крошка моя
Руки Вверх!	Он тебя целует
Руки Вверх!	Студент
Сектор Газа	30 лет
Сектор Газа	Лирика
Сектор Газа	Туман
Скрябін	Люди, як кораблі
Скрябін	Місця щасливих людей
Скрябін	Старі фотографії
София Ротару	Лаванда
София Ротару	Хуторянка
София Ротару	Червона рута
Сплин	Выхода нет
Сплин	Моё сердце
Сплин	Орбит без сахара
Сплин	Романс
Филипп Киркоров	Единственная моя
Филипп Киркоров	Зайка моя
Филипп Киркоров	Цвет настроения синий
Чайф	Аргентина — Ямайка 5:0
Чайф	Ой-йо
Щурците	Две следи
Щурците	Клетва
אריק איינשטיין	אני ואתה
אריק איינשטיין	עוף גוזל
נעמי שמר	ירושלים של זהב
거미	You Are My Everything
거미	친구라도 될 걸 그랬어
김광석	그날들
김광석	먼지가 되어
김광석	사랑했지만
김광석	서른 즈음에
김광석	이등병의 편지
나훈아	고향역
나훈아	무시로
나훈아	영영
나훈아	테스형!
노브레인	넌 내게 반했어
노브레인	비와 당신
뉴진스	Attention
뉴진스	Ditto
뉴진스	Hype Boy
뉴진스	OMG
뉴진스	Super Shy
다비치	8282
다비치	거북이
다비치	안녕이라고 말하지마
다비치	이 사랑
델리스파이스	고백
델리스파이스	챠우챠우
동방신기	Rising Sun
동방신기	주문 - MIROTIC
동방신기	풍선
레드벨벳	Bad Boy
레드벨벳	Psycho
레드벨벳	빨간 맛 (Red Flavor)
레드벨벳	피카부 (Peek-A-Boo)
로제	On The Ground
르세라핌	ANTIFRAGILE
르세라핌	FEARLESS
르세라핌	Perfect Night
르세라핌	UNFORGIVEN (feat. Nile Rodgers)
먼데이 키즈	Bye Bye Bye
먼데이 키즈	가을 안부
멜로망스	사랑인가 봐
멜로망스	선물
멜로망스	취중고백
박재범	몸매 (feat. Ugly Duck)
박재범	좋아 (JOAH)
박효신	눈의 꽃
박효신	숨
박효신	야생화
방탄소년단	DNA
방탄소년단	FAKE LOVE
방탄소년단	IDOL
방탄소년단	MIC Drop
방탄소년단	봄날
방탄소년단	불타오르네 (FIRE)
방탄소년단	작은 것들을 위한 시 (Boy With Luv) (feat. Halsey)
방탄소년단	피 땀 눈물
버스커 버스커	벚꽃 엔딩
버스커 버스커	여수 밤바다
버스커 버스커	처음엔 사랑이란 게
버즈	가시
버즈	겁쟁이
버즈	나에게로 떠나는 여행
버즈	남자를 몰라
볼빨간사춘기	나의 사춘기에게
볼빨간사춘기	여행
볼빨간사춘기	우주를 줄게
볼빨간사춘기	좋다고 말해
블랙핑크	How You Like That
블랙핑크	Kill This Love
블랙핑크	Lovesick Girls
블랙핑크	Pink Venom
블랙핑크	뚜두뚜두 (DDU-DU DDU-DU)
블랙핑크	마지막처럼
블랙핑크	불장난
블랙핑크	휘파람
빅뱅	거짓말
빅뱅	루저
빅뱅	뱅뱅뱅
빅뱅	봄여름가을겨울 (Still Life)
빅뱅	판타스틱 베이비
빅뱅	하루하루
샤이니	Ring Ding Dong
샤이니	Sherlock•셜록
샤이니	View
샤이니	누난 너무 예뻐 (Replay)
서태지와 아이들	난 알아요
서태지와 아이들	발해를 꿈꾸며
서태지와 아이들	컴백홈
서태지와 아이들	하여가
성시경	거리에서
성시경	내게 오는 길
성시경	너의 모든 순간
성시경	두 사람
세븐틴	손오공
세븐틴	아주 NICE
세븐틴	예쁘다
세븐틴	울고 싶지 않아
소녀시대	The Boys
소녀시대	Gee
소녀시대	다시 만난 세계
소녀시대	소녀시대
소녀시대	소원을 말해봐 (Genie)
슈퍼주니어	미인아 (Bonamana)
슈퍼주니어	쏘리 쏘리 (SORRY, SORRY)
스트레이 키즈	MANIAC
스트레이 키즈	특 (S-Class)
스트레이 키즈	神메뉴 (God's Menu)
신승훈	I Believe
신승훈	미소 속에 비친 그대
신승훈	보이지 않는 사랑
심수봉	그때 그사람
심수봉	백만송이 장미
심수봉	사랑밖엔 난 몰라
싸이	That That (prod. & feat. SUGA of BTS)
싸이	강남스타일
싸이	연예인
싸이	젠틀맨
싸이	챔피언
씨스타	So Cool
씨스타	Touch My Body
씨스타	나 혼자 (Alone)
아이브	After LIKE
아이브	ELEVEN
아이브	I AM
아이브	LOVE DIVE
아이유	Blueming
아이유	Love wins all
아이유	금요일에 만나요 (feat. 장이정 of HISTORY)
아이유	너랑 나
아이유	라일락
아이유	밤편지
아이유	스물셋
아이유	에잇 (feat. SUGA)
아이유	좋은 날
아이유	팔레트 (feat. G-DRAGON)
악동뮤지션	200%
악동뮤지션	낙하 (with IU)
악동뮤지션	어떻게 이별까지 사랑하겠어, 널 사랑하는 거지
악동뮤지션	오랜 날 오랜 밤
에스파	Black Mamba
에스파	Next Level
에스파	Spicy
에스파	Supernova
에스파	Whiplash
에일리	보여줄게
에일리	저녁 하늘
에일리	첫눈처럼 너에게 가겠다
엑소	Love Me Right
엑소	으르렁 (Growl)
엑소	중독 (Overdose)
엑소	첫 눈
(여자)아이들	LATATA
(여자)아이들	TOMBOY
(여자)아이들	나는 아픈 건 딱 질색이니까
(여자)아이들	퀸카 (Queencard)
원더걸스	Nobody
원더걸스	So Hot
원더걸스	Tell Me
윤도현밴드	나는 나비
윤도현밴드	사랑 Two
윤도현밴드	오 필승 코리아
윤종신	본능적으로 (feat. 스윙스)
윤종신	오르막길 (feat. 정인)
윤종신	좋니
이무진	신호등
이무진	에피소드
이문세	가로수 그늘 아래 서면
이문세	광화문 연가
이문세	붉은 노을
이문세	옛사랑
이선희	J에게
이선희	그 중에 그대를 만나
이선희	아름다운 강산
이선희	인연
이승철	그런 사람 또 없습니다
이승철	마지막 콘서트
이승철	서쪽 하늘
임영웅	별빛 같은 나의 사랑아
임영웅	사랑은 늘 도망가
임영웅	이제 나만 믿어요
임창정	그때 또 다시
임창정	내가 저지른 사랑
임창정	소주 한 잔
자우림	매직 카펫 라이드
자우림	스물다섯, 스물하나
자우림	하하하쏭
잔나비	뜨거운 여름밤은 가고 남은 건 볼품없지만
잔나비	주저하는 연인들을 위해
장윤정	어머나
장윤정	짠짜라
장윤정	초혼
조용필	돌아와요 부산항에
조용필	모나리자
조용필	바운스 (Bounce)
조용필	창밖의 여자
조용필	킬리만자로의 표범
지코	너는 나 나는 너
지코	새삥 (feat. 호미들)
지코	아무노래
체리필터	낭만고양이
체리필터	오리 날다
카라	STEP
카라	루팡
카라	미스터
크라잉넛	룩셈부르크
크라잉넛	말달리자
크라잉넛	밤이 깊었네
트와이스	CHEER UP
트와이스	FANCY
트와이스	SIGNAL
트와이스	TT
트와이스	What is Love?
트와이스	우아하게
티아라	Bo Peep Bo Peep
티아라	Roly-Poly
폴킴	너를 만나
폴킴	모든 날, 모든 순간
폴킴	비
혁오	TOMBOY
혁오	와리가리
혁오	위잉위잉
あいみょん	ハルノヒ
あいみょん	マリーゴールド
あいみょん	君はロックを聴かない
あいみょん	愛を伝えたいだとか
あいみょん	裸の心
いきものがかり	SAKURA
いきものがかり	YELL
いきものがかり	ありがとう
いきものがかり	じょいふる
いきものがかり	茜色の約束
きゃりーぱみゅぱみゅ	PONPONPON
きゃりーぱみゅぱみゅ	つけまつける
きゃりーぱみゅぱみゅ	にんじゃりばんばん
きゃりーぱみゅぱみゅ	ファッションモンスター
こっちのけんと	はいよろこんで
ずっと真夜中でいいのに。	勘冴えて悔しいわ
ずっと真夜中でいいのに。	秒針を噛む
ゆず	サヨナラバス
ゆず	夏色
ゆず	栄光の架橋
アンジェラ・アキ	手紙 〜拝啓 十五の君へ〜
コブクロ	桜
コブクロ	永遠にともに
コブクロ	蕾
サザンオールスターズ	TSUNAMI
サザンオールスターズ	いとしのエリー
サザンオールスターズ	勝手にシンドバッド
サザンオールスターズ	希望の轍
サザンオールスターズ	真夏の果実
スピッツ	チェリー
スピッツ	ロビンソン
スピッツ	楓
スピッツ	渚
スピッツ	空も飛べるはず
テレサ・テン	つぐない
テレサ・テン	愛人
テレサ・テン	時の流れに身をまかせ
ハチ	パンダヒーロー
ハチ	マトリョシカ
ハチ	砂の惑星 feat. 初音ミク
ポルノグラフィティ	アゲハ蝶
ポルノグラフィティ	アポロ
ポルノグラフィティ	サウダージ
ポルノグラフィティ	メリッサ
モーニング娘。	LOVEマシーン
モーニング娘。	ザ☆ピ〜ス!
モーニング娘。	恋愛レボリューション21
ヨルシカ	だから僕は音楽を辞めた
ヨルシカ	ただ君に晴れ
ヨルシカ	春泥棒
ヨルシカ	花に亡霊
レミオロメン	3月9日
レミオロメン	粉雪
一青窈	もらい泣き
一青窈	ハナミズキ
中島みゆき	ファイト!
中島みゆき	地上の星
中島みゆき	悪女
中島みゆき	時代
中島みゆき	糸
中島美嘉	GLAMOROUS SKY
中島美嘉	ORION
中島美嘉	雪の華
中森明菜	DESIRE -情熱-
中森明菜	セカンド・ラブ
中森明菜	少女A
中森明菜	飾りじゃないのよ涙は
乃木坂46	インフルエンサー
乃木坂46	サヨナラの意味
乃木坂46	シンクロニシティ
乃木坂46	制服のマネキン
久保田早紀	異邦人
买辣椒也用券	起风了
五月天	乾杯
五月天	倔強
五月天	後來的我們
五月天	戀愛ing
五月天	擁抱
五月天	溫柔
五月天	知足
五月天	突然好想你
五木ひろし	よこはま・たそがれ
五木ひろし	契り
井上あずみ	さんぽ
井上あずみ	となりのトトロ
井上あずみ	君をのせて
任賢齊	傷心太平洋
任賢齊	對面的女孩看過來
任賢齊	心太軟
任賢齊	浪花一朵朵
伍佰 & China Blue	Last Dance
伍佰 & China Blue	世界第一等
伍佰 & China Blue	挪威的森林
伍佰 & China Blue	浪人情歌
伍佰 & China Blue	突然的自我
優里	かくれんぼ
優里	ドライフラワー
優里	ベテルギウス
光良	童話
光良	第一次
凤凰传奇	最炫民族风
凤凰传奇	月亮之上
凤凰传奇	自由飞翔
凤凰传奇	荷塘月色
刀郎	2002年的第一场雪
刀郎	罗刹海市
刀郎	西海情歌
刘欢	从头再来
刘欢	好汉歌
刘欢	弯弯的月亮
劉德華	中國人
劉德華	冰雨
劉德華	忘情水
劉德華	男人哭吧不是罪
劉德華	練習
劉德華	謝謝你的愛
劉若英	很愛很愛你
劉若英	後來
劉若英	為愛痴狂
劉若英	當愛在靠近
北島三郎	まつり
北島三郎	与作
华晨宇	好想爱这个世界啊
华晨宇	烟火里的尘埃
华晨宇	齐天
古巨基	必殺技
古巨基	情歌王
古巨基	愛與誠
吉幾三	俺ら東京さ行ぐだ
吉幾三	酒よ
吉幾三	雪國
周杰倫	七里香
周杰倫	告白氣球
周杰倫	夜曲
周杰倫	安靜
周杰倫	晴天
周杰倫	東風破
周杰倫	稻香
周杰倫	簡單愛
周杰倫	聽媽媽的話
周杰倫	菊花台
周杰倫	雙截棍
周杰倫	青花瓷
周杰倫	龍捲風
周深	光亮
周深	大鱼
周深	起风了
周笔畅	最美的期待
周笔畅	笔记
周華健	其實不想走
周華健	忘憂草
周華健	朋友
周華健	花心
周華健	讓我歡喜讓我憂
和田光司	Butter-Fly
品冠 & 梁靜茹	明明很愛你
喜納昌吉&チャンプルーズ	ハイサイおじさん
喜納昌吉&チャンプルーズ	花 〜すべての人の心に花を〜
坂本九	上を向いて歩こう
坂本九	明日があるさ
坂本九	見上げてごらん夜の星を
夏川りみ	涙そうそう
大塚愛	さくらんぼ
大塚愛	プラネタリウム
大橋純子	たそがれマイ・ラブ
大橋純子	シルエット・ロマンス
奥華子	ガーネット
奥華子	変わらないもの
孙楠	不见不散
孙楠	你快回来
孙楠	拯救
孫燕姿	天黑黑
孫燕姿	我懷念的
孫燕姿	綠光
孫燕姿	逆光
孫燕姿	遇見
孫燕姿	開始懂了
宇多田ヒカル	Automatic
宇多田ヒカル	Can You Keep A Secret?
宇多田ヒカル	First Love
宇多田ヒカル	SAKURAドロップス
宇多田ヒカル	桜流し
宇多田ヒカル	花束を君に
安室奈美恵	CAN YOU CELEBRATE?
安室奈美恵	Don't wanna cry
安室奈美恵	Hero
安室奈美恵	Love Story
宋冬野	安和桥
宋冬野	斑马,斑马
宋冬野	董小姐
容祖兒	我的驕傲
容祖兒	揮著翅膀的女孩
容祖兒	痛愛
尾崎豊	15の夜
尾崎豊	I LOVE YOU
尾崎豊	OH MY LITTLE GIRL
尾崎豊	卒業
山下達郎	RIDE ON TIME
山下達郎	SPARKLE
山下達郎	クリスマス・イブ
山口百恵	いい日旅立ち
山口百恵	さよならの向う側
山口百恵	プレイバック Part 2
山口百恵	秋桜
崔健	一无所有
崔健	花房姑娘
嵐	A・RA・SHI
嵐	Happiness
嵐	Love so sweet
嵐	One Love
嵐	ふるさと
庞龙	两只蝴蝶
张杰	他不懂
张杰	最美的太阳
张杰	着魔
张杰	这,就是爱
张杰	逆战
张靓颖	如果这就是爱情
张靓颖	画心
张靓颖	终于等到你
張信哲	信仰
張信哲	別怕我傷心
張信哲	愛如潮水
張信哲	白月光
張信哲	過火
張國榮	Monica
張國榮	倩女幽魂
張國榮	我
張國榮	沉默是金
張國榮	當愛已成往事
張國榮	追
張國榮	風繼續吹
張學友	一千個傷心的理由
張學友	吻別
張學友	她來聽我的演唱會
張學友	李香蘭
張學友	每天愛你多一些
張學友	祝福
張學友	遙遠的她
張惠妹	人質
張惠妹	原來你什麼都不要
張惠妹	如果你也聽說
張惠妹	姐妹
張惠妹	聽海
張惠妹	記得
張敬軒	斷點
張敬軒	櫻花樹下
張敬軒	酷愛
張敬軒	青春常駐
影山ヒロノブ	CHA-LA HEAD-CHA-LA
方大同	三人遊
方大同	愛愛愛
方大同	特別的人
星野源	SUN
星野源	アイデア
星野源	ドラえもん
星野源	恋
木村弓	いつも何度でも
木村弓	世界の約束
朴树	平凡之路
朴树	生如夏花
朴树	白桦林
朴树	那些花儿
李宇春	下个,路口,见
李宇春	蜀绣
李宗盛	凡人歌
李宗盛	山丘
李宗盛	給自己的歌
李榮浩	年少有為
李榮浩	李白
李榮浩	模特
李榮浩	麻雀
李谷一	乡恋
李谷一	难忘今宵
杨臣刚	老鼠爱大米
東京事変	女の子は誰でも
東京事変	群青日和
東京事変	閃光少女
松任谷由実	守ってあげたい
松任谷由実	恋人がサンタクロース
松任谷由実	春よ、来い
松原みき	真夜中のドア〜Stay With Me
松本梨香	めざせポケモンマスター
松田聖子	SWEET MEMORIES
松田聖子	瑠璃色の地球
松田聖子	赤いスイートピー
松田聖子	青い珊瑚礁
林俊傑	不為誰而作的歌
林俊傑	修煉愛情
林俊傑	可惜沒如果
林俊傑	小酒窩 (feat. 蔡卓妍)
林俊傑	曹操
林俊傑	江南
林子祥	敢愛敢做
林子祥	男兒當自強
林子祥	誰能明白我
林憶蓮	傷痕
林憶蓮	為你我受冷風吹
林憶蓮	至少還有你
林憶蓮 & 李宗盛	當愛已成往事
梁靜茹	分手快樂
梁靜茹	勇氣
梁靜茹	可惜不是你
梁靜茹	寧夏
梁靜茹	小手拉大手
梁靜茹	暖暖
梅艷芳	似水流年
梅艷芳	壞女孩
梅艷芳	夕陽之歌
梅艷芳	女人花
梅艷芳	親密愛人
森山直太朗	さくら(独唱)
森山直太朗	夏の終わり
椎名林檎	ここでキスして。
椎名林檎	ギブス
椎名林檎	丸ノ内サディスティック
椎名林檎	本能
椎名林檎	歌舞伎町の女王
楊丞琳	左邊
楊丞琳	曖昧
楊丞琳	雨愛
楊千嬅	可惜我是水瓶座
楊千嬅	少女的祈禱
楊千嬅	處處吻
楊千嬅	野孩子
欅坂46	サイレントマジョリティー
欅坂46	不協和音
欅坂46	二人セゾン
毛不易	借
毛不易	像我這樣的人
毛不易	消愁
水木一郎	マジンガーZ
水木年华	一生有你
水木年华	在他乡
氷川きよし	きよしのズンドコ節
氷川きよし	箱根八里の半次郎
氷川きよし	限界突破×サバイバー
江蕙	家後
江蕙	酒後的心聲
汪峰	北京北京
汪峰	存在
汪峰	怒放的生命
汪峰	春天里
汪峰	飞得更高
沈文程	心事誰人知
沢田研二	TOKIO
沢田研二	勝手にしやがれ
沢田研二	時の過ぎゆくままに
浜崎あゆみ	Dearest
浜崎あゆみ	M
浜崎あゆみ	SEASONS
浜崎あゆみ	Voyage
王力宏	你不知道的事
王力宏	唯一
王力宏	大城小愛
王力宏	落葉歸根
王力宏	龍的傳人
王菲	傳奇
王菲	匆匆那年
王菲	如願
王菲	容易受傷的女人
王菲	我願意
王菲	約定
王菲	紅豆
瑛人	香水
田震	执着
田震	野花
田震	铿锵玫瑰
田馥甄	寂寞寂寞就好
田馥甄	小幸運
田馥甄	魔鬼中的天使
石川さゆり	天城越え
石川さゆり	津軽海峡・冬景色
秦基博	ひまわりの約束
秦基博	鱗 (うろこ)
竹内まりや	いのちの歌
竹内まりや	プラスティック・ラブ
竹内まりや	元気を出して
竹内まりや	駅
筷子兄弟	小苹果
筷子兄弟	老男孩
米津玄師	KICK BACK
米津玄師	Lemon
米津玄師	アイネクライネ
米津玄師	パプリカ
米津玄師	ピースサイン
米津玄師	感電
米津玄師	打上花火
米津玄師	馬と鹿
純烈	プロポーズ
細川たかし	北酒場
細川たかし	矢切の渡し
絢香	にじいろ
絢香	三日月
緑黄色社会	Mela!
緑黄色社会	花になって
羅大佑	光陰的故事
羅大佑	戀曲1990
羅大佑	東方之珠
羅大佑	滾滾紅塵 (feat. 陳淑樺)
羅大佑	童年
羅文	獅子山下
美空ひばり	お祭りマンボ
美空ひばり	川の流れのように
美空ひばり	愛燦燦
美空ひばり	真赤な太陽
老狼	同桌的你
老狼	恋恋风尘
老狼	虎口脱险
荒井由実	ひこうき雲
荒井由実	やさしさに包まれたなら
荒井由実	ルージュの伝言
荒井由実	卒業写真
葉啟田	愛拚才會贏
葉蒨文	瀟灑走一回
葉蒨文	祝福
葉蒨文	選擇 (feat. 林子祥)
葉麗儀	上海灘
蔡依林	倒帶
蔡依林	愛情三十六計
蔡依林	日不落
蔡依林	玫瑰少年
蔡依林	舞娘
蔡依林	說愛你
蔡琴	恰似你的溫柔
蔡琴	渡口
蔡琴	被遺忘的時光
蔡秋鳳	金包銀
薛之謙	剛剛好
薛之謙	演員
薛之謙	紳士
薛之謙	認真的雪
薛之謙	醜八怪
藤井風	grace
藤井風	きらり
藤井風	何なんw
藤井風	死ぬのがいいわ
蘇打綠	你被寫在我的歌裡
蘇打綠	小情歌
蘇打綠	我好想你
蘇打綠	無與倫比的美麗
西城秀樹	YOUNG MAN (Y.M.C.A.)
西城秀樹	傷だらけのローラ
許冠傑	半斤八兩
許冠傑	天才與白痴
許冠傑	浪子心聲
許冠傑	滄海一聲笑
謝安琪	囍帖街
謝安琪	鍾無艷
譚詠麟	愛在深秋
譚詠麟	愛情陷阱
譚詠麟	朋友
譚詠麟	水中花
譚詠麟	講不出再見
许巍	旅行
许巍	曾经的你
许巍	蓝莲花
費玉清	一剪梅
費玉清	晚安曲
赵雷	南方姑娘
赵雷	成都
赵雷	画
那英	征服
那英	梦醒了
那英	相约一九九八 (feat. 王菲)
那英	默
郭富城	動起來
郭富城	對你愛不完
郭富城	我是不是該安靜的走開
郷ひろみ	2億4千万の瞳 -エキゾチック・ジャパン-
郷ひろみ	GOLDFINGER '99
都はるみ	アンコ椿は恋の花
都はるみ	北の宿から
鄧紫棋	倒數
鄧紫棋	光年之外
鄧紫棋	句號
鄧紫棋	喜歡你
鄧紫棋	多遠都要在一起
鄧紫棋	泡沫
鄧麗君	但願人長久
鄧麗君	何日君再來
鄧麗君	小城故事
鄧麗君	我只在乎你
鄧麗君	月亮代表我的心
鄧麗君	漫步人生路
鄧麗君	甜蜜蜜
鄭秀文	值得
鄭秀文	眉飛色舞
鄭秀文	終身美麗
長渕剛	とんぼ
長渕剛	乾杯
長渕剛	巡恋歌
陳奕迅	K歌之王
陳奕迅	十年
陳奕迅	單車
陳奕迅	因為愛情 (feat. 王菲)
陳奕迅	好久不見
陳奕迅	孤勇者
陳奕迅	富士山下
陳奕迅	愛情轉移
陳奕迅	浮誇
陳百強	一生何求
陳百強	今宵多珍重
陳百強	偏偏喜歡你
陶喆	今天你要嫁給我 (feat. 蔡依林)
陶喆	小鎮姑娘
陶喆	愛很簡單
陶喆	找自己
陶喆	普通朋友
韩红	天路
高橋洋子	残酷な天使のテーゼ
高橋洋子	魂のルフラン
黎明	今夜你會不會來
黎明	夏日傾情
黎明	對不起我愛你
黒うさP	千本桜
齊秦	外面的世界
齊秦	夜夜夜夜
齊秦	大約在冬季
$songs$, '\n') with ordinality as song (line, number)
    where song.line <> ''
  )
) as staged;

select published.songs from private.book_publish('00000000-0000-4000-8000-000000000301') as published;
